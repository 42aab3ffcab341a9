"""The winner of an Arena task as a proposer: the task's base model with the winning adapter, on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fl_alliance.agent.errors import ModelUnavailable
from fl_alliance.arena.adapters import Adapter
from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.lm.writing import written
from fl_alliance.arena.kinds.lm_lora import LmLora
from fl_alliance.arena.task import read_task
from fl_alliance.chain.arena_types import Phase
from fl_alliance.market.kinds import LM, trade_of
from fl_alliance.market.place import Place

MOST_TOKENS = 96
"""Of an answer: a tool call is shorter."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """A language model with an adapter that learned to write tool calls.

    Attributes
    ----------
    kind : LmLora
        With the base model.
    adapter : Adapter
    name : str
        For the diary.
    """

    kind: LmLora
    adapter: Adapter
    name: str

    def propose(self, words: str, context: Sequence[str]) -> str:
        """Return what the model writes; it has learned from single sentences, so context is not shown to it."""
        try:
            return "".join(written(self.kind.base, self.adapter, words, MOST_TOKENS))
        except DataUnusable as unusable:
            raise ModelUnavailable(f"{self.name}: {unusable}") from unusable


def winner_of(place: Place, number: int) -> Tuned:
    """Return the winner of a completed task of the kind `lm-lora`, read by its strict loader.

    Raises
    ------
    ModelUnavailable
        The task is of another kind, is not completed, or ranked nobody.
    StoreError
        The store does not have the winner.
    """
    task, state = read_task(place.arena, place.store, number), place.arena.state(number)
    if task.spec.kind != LM:
        raise ModelUnavailable(f"arena:{number}: is of kind {task.spec.kind}, needed {LM}")
    if state.phase is not Phase.COMPLETED:
        raise ModelUnavailable(f"arena:{number}: is {state.phase.name.lower()}, needed a completed task")
    last = task.params.day_count
    for day in range(last - 1, -1, -1) if state.fell_back else [last]:
        if ranking := place.arena.ranking(number, day):
            digest = place.arena.submission(number, day, ranking[0]).digest
            kind = _kind(place, task.spec.options)
            return Tuned(kind, kind.load(place.store.get(digest, kind.limits.file_bytes)), f"arena:{number}")
    raise ModelUnavailable(f"arena:{number}: ranked nobody, needed a winner")


def adapter_in(path: Path) -> Tuned:
    """Return SmolLM2 with the adapter in a file.

    Raises
    ------
    ModelUnavailable
        There is no such file.
    SubmissionRefused
        It is no adapter of SmolLM2.
    ExtraMissing, BaseMissing
    """
    from fl_alliance.arena.kinds.lm.smollm2 import smollm2

    if not path.is_file():
        raise ModelUnavailable(f"{path}: no such file, needed an adapter of SmolLM2 (.safetensors)")
    kind = LmLora(smollm2())
    return Tuned(kind, kind.load(path.read_bytes()), f"adapter:{path.name}")


def _kind(place: Place, options: Any) -> LmLora:
    kind = trade_of(LM, options, place.store, place.state).kind
    assert isinstance(kind, LmLora)  # noqa: S101  what that kind is made of
    return kind
