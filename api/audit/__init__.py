"""The audit trail as it is spoken."""
