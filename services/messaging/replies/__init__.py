"""Automatic replies, every guard against loops, and the conversations they belong to."""
