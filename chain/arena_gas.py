"""How much gas a call of the Arena may use: upper bounds from its content, with room; what is not used is not paid."""

from fl_alliance.chain.gas import MOST

GAS = {
    "createTask": 1_500_000,
    "cancel": 200_000,
    "stake": 700_000,
    "openPool": 700_000,
    "unlock": 400_000,
    "claim": 800_000,
    "commitSubmission": 800_000,
    "revealSubmission": 600_000,
    "commitScores": 600_000,
    "finishDay": 12_000_000,
    "revealDatasetB": 300_000,
    "setMinCreatorStake": 200_000,
}
"""Of calls that cost about the same whatever they carry; finishing a day goes through 256 validators at most."""
FINAL_NODES = 40
"""Nodes that enter the B day in one transaction at most."""

_BASE = 600_000
_PER_WORD = 27_000
"""Of eight scores: calldata at the price of data, the event, and a word to store."""
_PER_ENTRANT = 350_000
_PER_VALIDATOR, _PER_PLACE, _PER_SCORE = 33_000, 250_000, 3_300
"""A place can end in a slash, of the delegators' pool too; a score is one of each validator for each place."""


def reveal_scores_gas(words: int) -> int:
    """Return the limit of revealing so many words of scores; 512, the most there can be, fit."""
    return min(MOST, _BASE + _PER_WORD * words)


def enter_gas(nodes: int) -> int:
    """Return the limit of entering so many nodes into the B day."""
    return min(MOST, _BASE + _PER_ENTRANT * nodes)


def settle_gas(count: int, revealed: int) -> int:
    """Return the limit of settling `count` places of a day on which `revealed` validators revealed."""
    return min(MOST, _BASE + _PER_VALIDATOR * revealed + count * (_PER_PLACE + _PER_SCORE * revealed))


def settlement_batch(revealed: int) -> int:
    """Return how many places or validators surely fit one transaction, at least 1."""
    free = MOST - _BASE - _PER_VALIDATOR * revealed
    return max(1, free // (_PER_PLACE + _PER_SCORE * revealed))
