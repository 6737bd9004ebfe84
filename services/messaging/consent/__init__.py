"""Consent: the ledger, what it amounts to, what waits for an answer, and the proof of it all."""
