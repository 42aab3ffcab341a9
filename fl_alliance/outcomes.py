"""What a round's outcome is called, the same on every screen.

The contract accepts, rejects or voids under both rules; where voters say yes or no to one model, so it is told. Where
they choose from a menu, the old model is an entry like the others: that it stays is their choice and no failure.
"""

from collections.abc import Callable

OUTCOMES = ("accepted", "rejected", "void")
"""As the contract has them, in the order in which they are told."""

_OF_A_MENU = {"accepted": "adopted", "rejected": "kept"}
_COUNTED = {"accepted": "adopted a new model", "rejected": "kept the old one"}
_SENTENCES = {"accepted": "adopted a new model", "rejected": "kept the old model"}


def outcome_name(outcome: str, of_candidates: bool) -> str:
    """Return one word for a round's outcome."""
    return _OF_A_MENU.get(outcome, outcome) if of_candidates else outcome


def outcome_sentence(outcome: str, of_candidates: bool) -> str:
    """Return what "the round" did, such as "ended accepted" or "kept the old model"."""
    return _SENTENCES.get(outcome, f"ended {outcome}") if of_candidates else f"ended {outcome}"


def counted(count: Callable[[str], int], of_candidates: bool, outcomes: tuple[str, ...] = OUTCOMES) -> str:
    """Return how many rounds ended how, such as "7 adopted a new model, 13 kept the old one, 0 void"."""
    words = _COUNTED if of_candidates else {}
    return ", ".join(f"{count(outcome):,} {words.get(outcome, outcome)}" for outcome in outcomes)
