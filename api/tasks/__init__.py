"""Tasks and nodes over HTTP."""
