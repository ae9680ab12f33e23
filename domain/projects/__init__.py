"""Projects and the teams that own them."""
