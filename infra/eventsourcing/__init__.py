"""The `eventsourcing` library on Daybook's log: a thin synchronous adapter, and the only place that imports the library.

Use `PERSISTENCE_MODULE=infra.eventsourcing.factory` and `DATABASE_URL` in the environment of an `Application`.
"""
