"""How it runs: the only place that knows PostgreSQL, Redis, FastStream, JWT, bcrypt and the clock."""
