"""What one may see of tasks and nodes."""
