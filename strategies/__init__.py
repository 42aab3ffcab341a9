"""Flower strategies under the chain: `chain_backed.ChainBacked` wraps any of them."""
