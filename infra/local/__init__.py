"""Embedded servers: a real PostgreSQL and a real Valkey, run from wheels, with everything they keep in one folder."""
