"""Keeping note of what was refused."""
