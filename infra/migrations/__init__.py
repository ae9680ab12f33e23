"""Numbered SQL files: what cannot be rebuilt, one object each."""
