"""A researcher's own strategies, in a folder with the same name as one of FL Alliance's."""
