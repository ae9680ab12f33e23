"""What one may ask of identity: register, sign in, refresh, sign out, create accounts."""
