"""What an audit reports: the first thing that does not hold, where on the chain it is, and which check found it."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Check(StrEnum):
    """What was checked when something did not hold."""

    CHAIN = "chain"
    """Blocks, contracts, signatures, draws, votes and pay by the chain alone."""
    FOLDER = "folder"
    """What the run folder claims beside its chain."""
    PROPOSALS = "proposals"
    """A kept proposal is the one that its member signed."""
    AGGREGATE = "aggregate"
    """What was put to the vote follows from the proposals, all of them, as they are weighed."""
    TRANSCRIPTS = "transcripts"
    """There is one transcript of each round, whole, and it is the one that was posted."""
    SEEDS = "seeds"
    ROLES = "roles"
    MESSAGES = "messages"
    """What members signed."""
    SCORES = "scores"
    DECISION = "decision"
    PAYOUTS = "payouts"
    MODEL = "model"
    """The adopted and the final model."""
    BUNDLE = "bundle"
    """Digests of code and configuration."""
    PRIVACY = "privacy"
    """Receipts of spent privacy budget."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place in words: "block 57, round 3, step Settle". What is empty is left out."""

    block: int | None = None
    moment: str = ""
    step: str = ""

    def at_step(self, step: str) -> "Where":
        """Return the same place, at one step of its transaction."""
        return replace(self, step=step)

    def __str__(self) -> str:
        block = "" if self.block is None else f"block {self.block}"
        step = self.step and f"step {self.step}"
        return ", ".join(part for part in (block, self.moment, step) if part)


class DoesNotHold(Exception):
    """Something that the chain or the run folder says is not so."""

    def __init__(self, where: Where | str, what: str, check: Check = Check.CHAIN) -> None:
        super().__init__(f"{where}: {what}")
        self.where, self.what, self.check = where, what, check
