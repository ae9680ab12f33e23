"""How projects and teams are spoken of over HTTP."""
