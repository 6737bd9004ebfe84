"""The schema's history, forward only; run when the service starts."""
