"""What is learned in the demonstration: a kind's data, a part of it that nobody in the market sees, and two plans."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fl_alliance.arena.kinds.base import Budget, Datasets
from fl_alliance.arena.kinds.networks import NetworkKind
from fl_alliance.arena.parameters import pack_parameters
from fl_alliance.arena.store import Store
from fl_alliance.arena.training import Plan
from fl_alliance.market.kinds import CLASSIFY, DECAY, LM, TABULAR, Trade, options_of, trade_of, with_base

Cut = Callable[[bytes, Sequence[int]], bytes]
"""(dataset, indexes) -> the dataset of these examples."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is learned.

    Attributes
    ----------
    title : str
    options : mapping
        Of the kind, as the task's description has them.
    trade : Trade
        The kind and what scores strangers' models of it.
    datasets : Datasets
        What the creator brings.
    hidden : bytes
        The yardstick: examples that are in none of them, and that no role has.
    suggested : Budget
        What the task suggests.
    large, small : Plan
        How the two honest nodes train every day.
    tolerance : int
        Millionths by which two honest scores may differ.
    decay : float
        lambda, by one of the kind's loss.
    """

    title: str
    options: Mapping[str, Any]
    trade: Trade
    datasets: Datasets
    hidden: bytes
    suggested: Budget
    large: Plan
    small: Plan
    tolerance: int
    decay: float


@dataclass(frozen=True, slots=True)
class _Lesson:
    """How a kind is shown: both nodes' steps a day, how many examples the small one has, and the tolerance.

    Dataset B and the hidden set are the halves of what the kind draws for B, or alternate in blocks of so many examples
    where those are of a few people one after the other, who would make one half harder than the other.
    """

    title: str
    large_steps: int
    small_steps: int
    small_examples: int
    tolerance: int
    learning_rate: float | None = None
    block: int | None = None


_LESSONS = {
    CLASSIFY: _Lesson("handwritten digits", 136, 60, 100, 2_000, 0.1),
    TABULAR: _Lesson("blood glucose in half an hour", 234, 8, 400, 50, 0.01, block=100),
    LM: _Lesson("plain words to an FML tool call", 40, 10, 32, 2_000),
}


def choose(kind: str, base: str, seed: int, store: Store, cache: Path) -> Subject:
    """Return what is learned in a kind's demonstration; the same seed gives the same bytes.

    Parameters
    ----------
    base : str
        Of `lm-lora`: the base model, tiny or smollm2.
    cache : Path
        Where a base model lies that the sandbox reads.

    Raises
    ------
    SettingRefused
        There is no such kind or base model.
    KindError
        What the kind needs is not installed.
    """
    options = with_base(kind, options_of(kind, "", {}, base), store)
    trade, lesson = trade_of(kind, options, store, cache), _LESSONS[kind]
    cut: Cut = _cut_table(trade.kind) if isinstance(trade.kind, NetworkKind) else _cut_lines
    drawn = trade.kind.datasets(seed)
    count = _count(drawn.b, trade.kind)
    final = [index for index in range(count) if _is_final(index, count, lesson.block)]
    hidden = [index for index in range(count) if not _is_final(index, count, lesson.block)]
    budget = replace(trade.kind.budget, learning_rate=lesson.learning_rate or trade.kind.budget.learning_rate)
    large = Plan(replace(budget, steps=lesson.large_steps), seed=2 * seed)
    few = cut(drawn.train, range(lesson.small_examples))
    small = Plan(replace(budget, steps=lesson.small_steps), seed=2 * seed + 1, data=few)
    return Subject(
        title=lesson.title,
        options=options,
        trade=trade,
        datasets=replace(drawn, b=cut(drawn.b, final)),
        hidden=cut(drawn.b, hidden),
        suggested=budget,
        large=large,
        small=small,
        tolerance=lesson.tolerance,
        decay=DECAY[kind],
    )


def _is_final(index: int, count: int, block: int | None) -> bool:
    """Whether an example is one of dataset B, not of the hidden set."""
    return index < count // 2 if block is None else index // block % 2 == 0


def _cut_table(kind: NetworkKind) -> Cut:
    def cut(data: bytes, chosen: Sequence[int]) -> bytes:
        table, at = kind.read(data), list(chosen)
        return pack_parameters({"x": table.x[at], "y": table.y[at]})

    return cut


def _cut_lines(data: bytes, chosen: Sequence[int]) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(lines[index] for index in chosen)


def _count(data: bytes, kind: Any) -> int:
    return len(kind.read(data).y) if isinstance(kind, NetworkKind) else len(data.splitlines())
