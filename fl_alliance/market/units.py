"""Scores and numbers in words: what a loss in millionths is in the unit that people know."""

from collections.abc import Mapping
from typing import Any, Protocol

from fl_alliance.chain.rules.arena_consensus import WORST

_UNITS = {"glucose": " mg/dL"}


class Described(Protocol):
    """What says of which kind a score is: a task's description."""

    @property
    def kind(self) -> str:
        """Name of the kind."""

    @property
    def options(self) -> Mapping[str, Any]:
        """What the kind is made with."""


def losses(spec: Described, score: int) -> str:
    """Return a consensus or score with its unit, rounded to what validators can agree on."""
    if score == WORST:
        return "refused"
    if spec.kind == "tabular":  # the chain holds thousands of the targets' unit
        return f"RMSE {score / 1e3:.3f}{_UNITS.get(str(spec.options.get('workload')), '')}"
    if spec.kind == "classify":
        return f"{score / 1e4:.2f} % wrong"
    return f"{score / 1e6:.4f} bits per byte" if spec.kind == "lm-lora" else f"loss {score / 1e6:.6f}"


def ordinal(number: int) -> str:
    """Return a rank: 1st, 2nd, 3rd, 4th, 11th, 21st."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def duration(seconds: int) -> str:
    """Return a time span in its two largest units."""
    for unit, parts in ((86_400, ("d", "h", 3_600)), (3_600, ("h", "min", 60)), (60, ("min", "s", 1))):
        if seconds >= unit:
            big, small, step = parts
            whole, rest = divmod(seconds, unit)
            return f"{whole} {big} {rest // step} {small}"
    return f"{seconds} s"
