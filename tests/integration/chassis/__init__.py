"""The chassis against real servers."""
