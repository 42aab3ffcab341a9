"""One run of the laboratory: which settings, under which attack, judged by which method."""

import hashlib
import shlex
from dataclasses import dataclass

from fl_alliance.lab.methods import BASELINES

CHAIN, PLAIN = "chain", "plain"


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One attack on one method, on one data set with one seed.

    Attributes
    ----------
    study, data, attack, method : str
        What tables call it; `method` is a rule of the Alliance or a baseline.
    seed : int
        Decides the data's split, the initial model, the coalition and the draws.
    words : tuple of str
        All hydra overrides of the run.
    """

    study: str
    data: str
    attack: str
    method: str
    seed: int
    words: tuple[str, ...]

    @property
    def overrides(self) -> tuple[str, ...]:
        """What its configuration is composed from: a baseline has no voters, so no limit of candidate voting holds."""
        return ("rule=majority", *self.words) if self.method in BASELINES else self.words

    @property
    def key(self) -> str:
        """Names the run by its content: a cell with other settings is another one."""
        return hashlib.sha256(shlex.join((self.method, *self.words)).encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return f"{self.data} {self.attack} {self.method} seed {self.seed}"
