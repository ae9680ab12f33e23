"""In-memory twins of what `infra` provides: they pass the same contract tests as the real things, and need no server."""
