"""Journeys: how a caller walks through a routing plan, from the first word to the last."""
