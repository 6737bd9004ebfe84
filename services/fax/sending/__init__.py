"""Sending faxes: jobs, their attempts and plans, and what is remembered of numbers."""
