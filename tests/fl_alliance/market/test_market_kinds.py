"""A task's description is a stranger's: what it may name, and what scores the models that answer to it."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from fl_alliance.arena.sandbox import Limits
from fl_alliance.arena.store import open_store
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.market.errors import SettingRefused
from fl_alliance.market.kinds import options_of, title_of, trade_of, with_base

DIGITS = {"workload": "digits", "options": {}}


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("painting", {}),
        ("classify", {}),
        ("classify", {"workload": "my_lab.evil:Class", "options": {}}),
        ("classify", {"workload": "glucose", "options": {}}),
        ("tabular", {"workload": "glucose", "options": {"data": "/etc/passwd"}}),
        ("tabular", {"workload": "glucose", "options": {"hidden": 10**9}}),
        ("tabular", {"workload": "glucose", "options": {"hidden": True}}),
        ("tabular", {"workload": "glucose", "options": []}),
        ("classify", {**DIGITS, "run": "this"}),
        ("lm-lora", {"base": "gpt"}),
        ("lm-lora", {"base": "smollm2", "file": "00" * 32}),
        ("lm-lora", {"base": "tiny"}),
        ("lm-lora", {"base": "tiny", "file": "../../etc/passwd"}),
    ],
)
def test_a_description_names_nothing_that_a_stranger_could_choose_for_others_to_run_or_read(
    kind: str, options: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(SettingRefused):
        trade_of(kind, options, open_store(tmp_path / "store"), tmp_path)


@pytest.mark.parametrize(
    ("kind", "options"), [("classify", DIGITS), ("tabular", {"workload": "glucose", "options": {}}), ("lm-lora", None)]
)
def test_the_default_task_of_each_kind_has_a_name(kind: str, options: dict[str, Any] | None) -> None:
    made = options_of(kind, "", {}, "smollm2")
    assert made == (options or {"base": "smollm2"})
    assert title_of(kind, made)


def test_the_sandbox_scores_as_the_kind_does_and_refuses_what_is_no_model(tmp_path: Path) -> None:
    trade = trade_of("classify", DIGITS, open_store(tmp_path / "store"), tmp_path)
    data, model = trade.kind.datasets(1).a, trade.kind.initial(1)
    scorer = trade.scorer(Limits())
    assert scorer(model, data) == trade.kind.score(trade.kind.load(model), data) < WORST
    assert scorer(pickle.dumps({"w": 1}), data) == WORST
    assert trade.scorer(Limits(cpu_s=1))(model, data) == WORST  # as if the model had taken too long


def test_a_base_model_from_the_store_is_read_by_the_sandbox_as_by_the_kind(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    options = with_base("lm-lora", {"base": "tiny"}, store)
    trade = trade_of("lm-lora", options, store, tmp_path / "state")
    data, adapter = trade.kind.datasets(1).a, trade.kind.initial(1)
    assert abs(trade.scorer(Limits())(adapter, data) - trade.kind.score(trade.kind.load(adapter), data)) <= 2
