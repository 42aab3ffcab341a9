"""Scoring a stranger's model where it can do no harm."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fl_alliance.arena.errors import ScorerFailed
from fl_alliance.arena.sandbox import Limits, run
from fl_alliance.chain.rules.arena_consensus import WORST

Scorer = Callable[[bytes, bytes], int]
"""(model, dataset) -> loss in millionths, `WORST` for what is refused; raises `ScorerFailed` where it is to blame."""


@dataclass(frozen=True)
class SandboxScorer:
    """Calls a scoring function in a sandbox.

    Attributes
    ----------
    target : str
        `MODULE:FUNCTION`; it takes model and dataset as bytes and returns the loss in millionths.
    arguments : mapping
        Its keyword arguments.
    readable : sequence of Path
        What it may read: the kind's own files.
    limits : Limits
        What it may use; the sandbox's own unless given.
    """

    target: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    readable: Sequence[Path] = ()
    limits: Limits | None = None

    def __call__(self, artifact: bytes, data: bytes) -> int:
        """Return a model's loss.

        Raises
        ------
        ScorerFailed
            The function raised, did not start, or answered with something else than a score.
        IsolationMissing
            This machine cannot keep it from the network.
        """
        outcome = run(self.target, [artifact, data], self.arguments, self.readable, self.limits)
        if outcome.is_the_submissions_fault:
            return WORST
        score = outcome.value
        if type(score) is not int or not 0 <= score <= WORST:
            raise ScorerFailed(hashlib.sha256(artifact).digest(), outcome.words)
        return score
