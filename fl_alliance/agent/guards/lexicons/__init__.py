"""The words that each tool may be asked for in."""
