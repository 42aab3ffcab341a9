"""Secure aggregation: the coordinator learns sums of groups of updates, and of a single update nothing."""
