"""The schema of the gateway's database, forward only."""
