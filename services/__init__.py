"""The services: applications that own their logic and data and never import one another."""
