"""The supervisor: starts every process of `daybook up`, starts again what died, and ends all of them together."""
