"""A researcher's own consensus rules."""
