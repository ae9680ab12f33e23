"""What one may see of jobs."""
