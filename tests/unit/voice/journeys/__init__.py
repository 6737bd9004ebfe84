"""How callers walk through plans."""
