"""Cryptography: sealing, passwords, tokens, idempotency keys. Everything here rests on `cryptography`, `bcrypt` and PyJWT."""
