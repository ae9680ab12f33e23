"""What one may ask of jobs."""
