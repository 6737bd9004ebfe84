"""One module for each CRM system."""
