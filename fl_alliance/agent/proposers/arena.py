"""The winner of an Arena task as a proposer: the task's base model with the winning adapter, on this machine."""

import json
from collections.abc import Sequence
from dataclasses import Field, dataclass
from pathlib import Path
from typing import Any

from fl_alliance.agent.book import Book
from fl_alliance.agent.errors import ModelUnavailable, NotUnderstood
from fl_alliance.agent.proposers.spans import Spans, spans_in
from fl_alliance.agent.tools import TOOLS, Kind
from fl_alliance.arena.adapters import Adapter
from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.lm.choosing import chosen
from fl_alliance.arena.kinds.lm_lora import LmLora
from fl_alliance.arena.task import read_task
from fl_alliance.chain.arena_types import Phase
from fl_alliance.market.kinds import LM, trade_of
from fl_alliance.market.place import Place

_CHOICES = {"vote": ("yes", "no", "abstain"), "appear": ("present", "scam", "frivolous")}


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
    book : Book
        For names.
    """

    kind: LmLora
    adapter: Adapter
    name: str
    book: Book

    def propose(self, words: str, context: Sequence[str]) -> str:
        """Return the call that the model arrives at: a tool, then each argument, of those that the words have.

        It has learned from single sentences, so context is not shown to it.

        Raises
        ------
        NotUnderstood
            No tool has all its arguments in the words, or takes all that they name.
        ModelUnavailable
            The words leave no room in the model's context.
        """
        spans = spans_in(words, self.book)
        known = {name: [_texts(name, part, spans) for part in tool.parts()] for name, tool in TOOLS.items()}
        begun = {_begun(name): name for name, texts in known.items() if all(texts) and _takes_all(name, spans)}
        if not begun:
            raise NotUnderstood("no tool takes all that the words name, and nothing else")
        try:
            said = chosen(self.kind.base, self.adapter, words, list(begun))
            tool = begun[said]
            for texts, behind in zip(known[tool], _behind(tool), strict=True):
                filled = [f"{said}{json.dumps(text)}{behind}" for text in texts]
                said = chosen(self.kind.base, self.adapter, words, filled)
        except DataUnusable as unusable:
            raise ModelUnavailable(f"{self.name}: {unusable}") from unusable
        return said


def _begun(tool: str) -> str:
    """Return a call as it is written up to its first argument."""
    return f'{{"tool":"{tool}","{_names(tool)[0]}":'


def _behind(tool: str) -> list[str]:
    """Return what is written behind each argument of a tool."""
    return [*(f',"{name}":' for name in _names(tool)[1:]), "}"]


def _names(tool: str) -> list[str]:
    return [part.metadata["name"] for part in TOOLS[tool].parts()]


def _takes_all(tool: str, spans: Spans) -> bool:
    """Return whether a tool takes all kinds that the words name: grounding refuses a call that leaves some out."""
    kinds = {part.metadata["kind"] for part in TOOLS[tool].parts()}
    return spans.named <= kinds and (not spans.texts[Kind.AMOUNT] or bool(kinds & {Kind.AMOUNT, Kind.STARS}))


def _texts(tool: str, part: Field[Any], spans: Spans) -> Sequence[str]:
    """Return what a part of a call may be."""
    kind = part.metadata["kind"]
    if kind is Kind.CHOICE:
        return _CHOICES[tool]
    return spans.texts[kind] or (["me"] if tool == "balance" else [])


def winner_of(place: Place, number: int, book: Book) -> Tuned:
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
            return Tuned(kind, kind.load(place.store.get(digest, kind.limits.file_bytes)), f"arena:{number}", book)
    raise ModelUnavailable(f"arena:{number}: ranked nobody, needed a winner")


def adapter_in(path: Path, book: Book) -> Tuned:
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
    return Tuned(kind, kind.load(path.read_bytes()), f"adapter:{path.name}", book)


def _kind(place: Place, options: Any) -> LmLora:
    kind = trade_of(LM, options, place.store, place.state).kind
    assert isinstance(kind, LmLora)  # noqa: S101  what that kind is made of
    return kind
