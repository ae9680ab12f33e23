"""What one may see of payments and the books."""
