"""Redis: read models that are hot or bounded, and the push that wakes waiting reads. Everything in it can be lost."""
