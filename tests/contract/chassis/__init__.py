"""What the chassis promises to the services."""
