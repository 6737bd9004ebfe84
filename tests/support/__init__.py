"""Real servers and small tools that tests share."""
