"""The AI Marketplace off chain: listing models, serving them for FML, and what they answer from. See `README.md`."""
