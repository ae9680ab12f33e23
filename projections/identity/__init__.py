"""What one may see of identity: people, their names in clear only while their keys exist."""
