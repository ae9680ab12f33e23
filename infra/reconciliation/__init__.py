"""Reconciliation: money and goods worked out once more from the log, and held against what is served and what orders and payments say."""
