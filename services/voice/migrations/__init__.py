"""How voice's schema came to be, forward only."""
