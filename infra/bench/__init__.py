"""Measurements beside their rivals: `daybook bench`."""
