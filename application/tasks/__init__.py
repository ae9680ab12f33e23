"""What one may ask of tasks and nodes."""
