"""What proves the suite: unit, contract, integration, end to end and faults."""
