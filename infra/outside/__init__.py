"""The world beyond our own servers: mail, outside providers of identity."""
