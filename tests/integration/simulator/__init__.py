"""The simulator from outside, with the official SDK as its judge."""
