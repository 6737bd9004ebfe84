"""Voice with a real bus, a real database, real gRPC and a carrier that counts."""
