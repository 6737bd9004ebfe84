"""The history of the service's tables, forward only."""
