"""Where callers go: plans as data, what is known when deciding, and decisions that explain."""
