"""Products, their stock, and what is held for orders."""
