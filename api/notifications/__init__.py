"""How notifications are spoken of over HTTP."""
