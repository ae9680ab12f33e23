"""What is true: events, aggregates and refusals. Standard library and msgspec only; no clock, no randomness, no I/O."""
