"""What a read model is, and how it is asked."""
