"""What one may see of products and stock."""
