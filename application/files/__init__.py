"""What one may ask of files."""
