"""Payments and the books over HTTP, and what the payment provider tells."""
