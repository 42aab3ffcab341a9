"""What an audit reports: the first thing that does not hold, and where on the chain it is."""

from dataclasses import dataclass, replace


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

    def __init__(self, where: Where | str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where, self.what = where, what
