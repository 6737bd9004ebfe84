"""What the CRM service knows, without any I/O but files."""
