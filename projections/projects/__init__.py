"""What one may see of projects and teams."""
