"""Routing over both databases."""
