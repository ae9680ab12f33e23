"""Having orders paid: what is wanted of the payment provider, and asking it."""
