"""Randomness that depends on nothing but its label, and torch made to repeat itself."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

_process = threading.RLock()


def derive(seed: int, *label: int | str) -> int:
    """Return a 63-bit seed for the stream named by `label`; different labels give unrelated streams."""
    text = "|".join(["fl-alliance-arena", str(seed), *map(str, label)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def stream(seed: int, *label: int | str) -> np.random.Generator:
    """Return the generator of the stream named by `label`."""
    return np.random.Generator(np.random.PCG64(derive(seed, *label)))


@contextmanager
def reproducible(seed: int, threads: int) -> Iterator[None]:
    """Run torch on so many threads with its generator set to `seed`; both are put back afterwards.

    One caller at a time, because both belong to the process.
    """
    with _process, torch.random.fork_rng(devices=[]):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        torch.default_generator.manual_seed(seed)
        try:
            yield
        finally:
            torch.set_num_threads(before)
