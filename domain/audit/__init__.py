"""What is kept for auditors beside the facts of the other contexts: failed sign-ins and refused permissions."""
