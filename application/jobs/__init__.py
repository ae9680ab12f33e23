"""Jobs: asking for them, the words of their worker, cancelling."""
