"""Agents: who takes calls, whether they are there, and what they are offered."""
