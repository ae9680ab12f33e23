"""What one may see of files."""
