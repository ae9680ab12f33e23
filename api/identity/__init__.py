"""Identity as it is spoken: signing in, accounts, public keys."""
