"""Real input: the log of a help desk, played through the public API."""
