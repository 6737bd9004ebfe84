"""A schema that fails half way."""
