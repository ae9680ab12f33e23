"""How jobs are spoken of over HTTP."""
