"""What drives read models: live folding, rebuild, verify and as-of, all from the one definition in `projections`."""
