"""The CRM service over real gRPC."""
