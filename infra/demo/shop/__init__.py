"""The demo of the shop: the invoices of a real one, played through the public API and held against the file, to the penny and the piece."""
