"""The schema of the tests' ledger."""
