"""The command line: what of it is pure."""
