"""How files travel over HTTP."""
