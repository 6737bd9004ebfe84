"""Keeping faxes: how long, for whom, found by what, and who has read them."""
