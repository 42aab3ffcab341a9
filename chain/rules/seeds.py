"""How seeds follow one another.

A seed is 32 bytes. Registrations fold into the first one; after that each is the VRF output of the leader whom the
seed before it drew, or, where every leader stayed away, a hash of the one before. No block value enters.
"""

from fl_alliance.chain.rules.words import hash_words, label

NO_SEED = bytes(32)
"""Stands for the seed in a proof of possession, which precedes every seed."""


def task_seed(contract: str, chain_id: int, task: int) -> bytes:
    """Return the seed of a task that nobody has joined yet."""
    return hash_words(label("task"), contract, chain_id, task)


def joined_seed(seed: bytes, beta: bytes) -> bytes:
    """Return the seed after a node registered before the start, `beta` being its proof of possession's output.

    The last node to register can choose among keys and so among first seeds; the first leader's secret VRF output
    then replaces it before anything is drawn.
    """
    return hash_words(seed, beta)


def void_seed(seed: bytes, round_: int) -> bytes:
    """Return the seed after round `round_` ended with nobody's proof."""
    return hash_words(label("void"), seed, round_)
