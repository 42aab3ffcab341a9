"""What stands between a proposal and a signature; nothing here asks, or can be told anything by, a model."""
