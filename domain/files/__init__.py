"""Files people attach to tasks."""
