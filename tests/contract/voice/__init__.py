"""Voice against its databases and its contract."""
