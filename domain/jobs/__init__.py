"""Work that takes longer than a request: imports and exports."""
