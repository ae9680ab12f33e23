"""What one may ask: commands with one handler each, reactions, deadlines, and the ports they need."""
