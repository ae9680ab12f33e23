"""The web server's side of the API: composition, the edge every request passes, the access log."""
