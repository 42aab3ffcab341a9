"""A researcher's own attacks."""
