"""What one may see of notifications."""
