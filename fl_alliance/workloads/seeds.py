"""Random streams that depend on nothing but their label: no global generator is read or moved."""

import hashlib

import numpy as np


def derive(seed: int, *label: int | str) -> int:
    """Return a 63-bit seed for the stream named by `label`; different labels give unrelated streams."""
    text = "|".join(["fl-alliance", str(seed), *map(str, label)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def stream(seed: int, *label: int | str) -> np.random.Generator:
    """Return the generator of the stream named by `label`."""
    return np.random.Generator(np.random.PCG64(derive(seed, *label)))
