"""Callers walking through plans, over both databases."""
