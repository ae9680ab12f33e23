"""What one may see: one read model per file, with its row, keys, fold and queries. Disposable, rebuilt from the log."""
