"""Placing orders and seeing them through."""
