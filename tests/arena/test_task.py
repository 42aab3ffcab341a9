"""A task's description: one text for one description, and nothing that a stranger can slip in."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.arena.errors import ContentMissing, SpecUnreadable, TaskMismatch
from fl_alliance.arena.kinds.base import Budget
from fl_alliance.arena.store import open_store
from fl_alliance.arena.task import TaskSpec, read_task
from fl_alliance.arena.terms import Terms
from fl_alliance.chain.arena_types import TaskParams

DIGESTS = {name: bytes([number]) * 32 for number, name in enumerate(("train", "dataset_a", "dataset_b", "base_model"))}
SPEC = TaskSpec("Tumours", "classify", {"workload": "breast_cancer"}, **DIGESTS, budget=Budget(10, 8, 0.1),
                max_parameters=530, max_bytes=4_000)  # fmt: skip


class Chain:
    """A chain that says these parameters of every task."""

    def __init__(self, params: TaskParams) -> None:
        self._params = params

    def params(self, task: int) -> TaskParams:
        return self._params


def changed(**changes: Any) -> bytes:
    found = json.loads(SPEC.encode()) | changes
    return json.dumps(found, sort_keys=True, separators=(",", ":")).encode()


def test_a_description_is_read_as_it_was_written() -> None:
    assert TaskSpec.decode(SPEC.encode()) == SPEC
    assert json.loads(SPEC.encode())["base_model"] == DIGESTS["base_model"].hex()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=50).filter(str.isprintable),
    st.dictionaries(st.text(max_size=8), JSON, max_size=4),
    st.integers(1, 10**6),
    st.floats(1e-9, 1e3),
)
def test_whatever_the_title_options_and_budget_a_description_has_one_text(
    title: str, options: dict[str, Any], steps: int, rate: float
) -> None:
    spec = dataclasses.replace(SPEC, title=title, options=options, budget=Budget(steps, 8, rate))
    assert TaskSpec.decode(spec.encode()).encode() == spec.encode()
    assert TaskSpec.decode(spec.encode()).digest == spec.digest


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"\xff", "no JSON"),
        (b"[]", "another form"),
        (json.dumps(json.loads(SPEC.encode())).encode(), "another form"),
        (changed(format=2), "no format"),
        (changed(more=1), "more"),
        (changed(train="00"), "train of 1 bytes"),
        (changed(train="zz" * 32), "hexadecimal"),
        (changed(train=3), "train that is"),
        (changed(budget={"steps": 0, "batch_size": 1, "learning_rate": 0.1, "threads": 1}), "steps"),
        (changed(budget={"steps": 1}), "missing"),
        (changed(options=[]), "options that is"),
        (changed(max_bytes=True), "max_bytes that is"),
        (changed(copy_bps=10_001), "copy_bps 10001"),
        (changed(kind="classify\x1b[2J"), "kind"),
        (changed(title="a\u202eb"), "title"),
    ],
    ids=str,
)
def test_a_text_that_is_no_description_is_refused_by_what_is_wrong_with_it(data: bytes, found: str) -> None:
    with pytest.raises(SpecUnreadable, match=found):
        TaskSpec.decode(data)


def test_options_that_json_cannot_carry_are_refused() -> None:
    with pytest.raises(SpecUnreadable, match="options that JSON can carry"):
        dataclasses.replace(SPEC, options={"rate": float("nan")}).encode()


def test_a_task_is_read_where_chain_and_store_agree(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    arena = Chain(Terms().params(SPEC, 1))
    with pytest.raises(ContentMissing):
        read_task(arena, store, 7)  # type: ignore[arg-type]
    store.put(SPEC.encode())
    task = read_task(arena, store, 7)  # type: ignore[arg-type]
    assert (task.number, task.spec, task.params.day_count) == (7, SPEC, 5)


@pytest.mark.parametrize("name", ["dataset_a", "dataset_b", "base_model", "max_parameters", "kind"])
def test_a_description_that_names_something_else_than_the_chain_is_refused(tmp_path: Path, name: str) -> None:
    store = open_store(tmp_path)
    other: Any = {"max_parameters": 531, "kind": "tabular"}.get(name, bytes(31) + b"\x09")
    params = dataclasses.replace(Terms().params(SPEC, 1), **{name: other})
    store.put(SPEC.encode())
    with pytest.raises(TaskMismatch, match=f"{name} of the description"):
        read_task(Chain(params), store, 7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("score", "base_score", "beats"),
    [
        (398_229, 398_230, False),
        (396_230, 398_230, False),
        (396_229, 398_230, True),  # by more than the tolerance
        (14_073, 14_214, False),
        (14_071, 14_214, True),  # by more than a hundredth
        (0, 0, False),
    ],
)
def test_a_model_beats_the_untrained_one_by_more_than_the_tolerance_or_a_hundredth(
    score: int, base_score: int, beats: bool
) -> None:
    assert SPEC.beats_untrained(score, base_score) is beats
