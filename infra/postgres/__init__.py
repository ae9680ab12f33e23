"""PostgreSQL: the log, its readers, read-model tables, leases. Nothing outside this folder writes SQL about the log."""
