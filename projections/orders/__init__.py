"""What one may see of orders."""
