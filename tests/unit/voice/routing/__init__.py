"""Routing without a database, a bus or a clock."""
