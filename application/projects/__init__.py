"""What one may ask of projects and teams."""
