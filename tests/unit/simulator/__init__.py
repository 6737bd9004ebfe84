"""The simulator's machines, without I/O."""
