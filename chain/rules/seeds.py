"""How seeds follow one another, and what a node's VRF is asked to prove.

A seed is 32 bytes. Registrations fold into the first one; after that each is the VRF output of the leader whom the
seed before it drew, or, where every leader stayed away, a hash of the one before. No block value enters.
"""

from enum import IntEnum

from fl_alliance.chain.rules.words import hash_words, label

NO_SEED = bytes(32)


class Tag(IntEnum):
    """What a VRF proof is for; part of what is proven, so that no proof serves twice."""

    POSSESSION = 0
    """The node owns the VRF key that it registers; round 0 and `NO_SEED`."""
    PROPOSERS = 1
    """Opens a round and draws its proposers."""
    VOTERS = 2
    """Draws the voters, once proposals are locked."""


def alpha(contract: str, chain_id: int, tag: Tag, task: int, round_: int, node: str, seed: bytes) -> bytes:
    """Return the 32 bytes that `node` must prove for this purpose, round and seed on this contract."""
    return hash_words(contract, chain_id, int(tag), task, round_, node, seed)


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
