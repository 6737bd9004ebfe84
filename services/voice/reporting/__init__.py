"""What happened in the queues, as a ledger of facts, and the figures made from it."""
