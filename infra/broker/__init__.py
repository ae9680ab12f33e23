"""The broker: chunks of the log announced to whoever folds them. A hint, never the truth."""
