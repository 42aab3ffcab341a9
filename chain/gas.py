"""How much gas a transaction may use: an upper bound from its content.

Asking the node (eth_estimateGas) runs the whole transaction once more. What is not used is not paid, so the bounds
are for the largest task, of 1,024 members, and leave room.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from fl_alliance.chain.steps import (
    CreateCandidateTask,
    CreateTask,
    DrawVoters,
    Finish,
    OpenRound,
    Propose,
    ProveWithheld,
    Register,
    RegisterWithAuthorization,
    RevealScores,
    RevealVotes,
    Settle,
    SettleMenu,
    SkipRound,
    Start,
    Step,
)

MOST = 16_777_216
"""A transaction's gas on Ethereum (EIP-7825)."""
TRANSFER = 21_000
TOKEN_CALL = 200_000

_INTRINSIC = 60_000
_ELSE = 300_000
_FIXED: dict[type, int] = {
    CreateTask: 600_000,
    CreateCandidateTask: 700_000,
    Register: 400_000,
    RegisterWithAuthorization: 400_000,
    Start: 9_000_000,
    OpenRound: 6_000_000,
    Finish: 4_000_000,
    SkipRound: 1_500_000,
    DrawVoters: 3_000_000,
    Propose: 300_000,
    RevealVotes: 600_000,
    ProveWithheld: 600_000,
    Settle: 1_500_000,
    RevealScores: 600_000,
    SettleMenu: 1_500_000,
}
_PER_RECORD = 14_000
_PER_SCORES = 200_000
"""A voter's part of what sorting all pairs of a full menu costs, or of keeping its scores."""

_LEAST_SCORES = 98
"""Bytes of a vote on a menu without contributions."""

AnyStep = TypeVar("AnyStep", bound=Step)


def step_gas(step: Step) -> int:
    """Return the most gas that a step can use."""
    per_record = _PER_SCORES if isinstance(step, RevealScores | SettleMenu) else _PER_RECORD
    return _FIXED.get(type(step), _ELSE) + per_record * _records(step)


def gas_limit(steps: Sequence[Step]) -> int:
    """Return the gas limit of a transaction with these steps, at most `MOST`."""
    return min(MOST, _INTRINSIC + sum(map(step_gas, steps)))


def portions(steps: Sequence[AnyStep]) -> Iterator[tuple[AnyStep, ...]]:
    """Yield the steps in order, as many at a time as surely fit one transaction."""
    portion: list[AnyStep] = []
    for step in steps:
        if portion and _INTRINSIC + sum(map(step_gas, portion)) + step_gas(step) > MOST:
            yield tuple(portion)
            portion = []
        portion.append(step)
    if portion:
        yield tuple(portion)


def _records(step: Step) -> int:
    match step:
        case Propose():
            return len(step.proposals)
        case RevealVotes() | Settle():
            return len(step.votes)
        case RevealScores() | SettleMenu():
            return len(step.votes) // _LEAST_SCORES
        case ProveWithheld():
            return len(step.pairs) + len(step.evidence)
        case _:
            return 0
