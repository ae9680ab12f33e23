"""What is sold, how much of it there is, and what of that is held for orders."""
