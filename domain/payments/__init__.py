"""Payments: what is asked of the payment provider, what it says, and the books."""
