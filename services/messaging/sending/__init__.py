"""Sending: words, parts, hours and pace, and following what becomes of a message."""
