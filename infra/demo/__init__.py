"""Real input played through the public API: `daybook demo`."""
