"""Orders: what somebody wants to buy, and how far that is."""
