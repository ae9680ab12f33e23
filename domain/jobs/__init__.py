"""Work that takes too long for one request: asked for, done by a worker in pieces, and over."""
