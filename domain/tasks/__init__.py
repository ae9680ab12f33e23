"""Tasks: work that is assigned, leased, done or not done, with every step kept; and the nodes that do it."""
