"""Calls: legs, what their events say, and the commands given to them."""
