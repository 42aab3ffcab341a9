"""A submission's card and lineage say what the chain and the store say, and nothing else."""

import dataclasses
import json
from pathlib import Path

import pytest

from fl_alliance.arena.card import Lineage, Score, lineage_text, model_card, parse_lineage, write_card
from fl_alliance.arena.errors import LineageUnreadable
from fl_alliance.arena.store import name_content

MODEL = name_content(b"a model")
LINEAGE = Lineage(
    task="31337:0x5FbDB2315678afecb367f032d93F642f64180aa3:7",
    kind="tabular",
    node="0x" + "a1" * 20,
    day=2,
    digest=MODEL.digest.hex(),
    cid=MODEL.cid,
    size=MODEL.size,
    parameters=1234,
    parents=("c0" * 32, "d1" * 32),
    dataset="ee" * 32,
    loss_unit="mg/dL / 1000",
    loss=12_930_000,
    scores=(
        Score("0x" + "b2" * 20, 12_930_000, "0x" + "f3" * 32),
        Score("0x" + "b3" * 20, 12_930_001, "0x" + "f4" * 32),
    ),
)


@pytest.mark.parametrize("lineage", [LINEAGE, dataclasses.replace(LINEAGE, loss=None, scores=(), parents=())])
def test_a_lineage_is_read_as_it_was_written(lineage: Lineage) -> None:
    assert parse_lineage(lineage_text(lineage)) == lineage


def test_every_field_stands_in_the_lineage() -> None:
    found = json.loads(lineage_text(LINEAGE))
    assert set(found) == {"format", *(field.name for field in dataclasses.fields(Lineage))}
    assert found["scores"][0] == {
        "validator": "0x" + "b2" * 20,
        "loss": 12_930_000,
        "transaction": "0x" + "f3" * 32,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"day": "2"},
        {"day": True},
        {"loss": 1.5},
        {"parents": "c0"},
        {"parents": [1]},
        {"scores": {}},
        {"scores": [{"validator": "0x"}]},
        {"note": "run me"},
    ],
)
def test_a_lineage_of_another_form_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(LineageUnreadable):
        parse_lineage(json.dumps(json.loads(lineage_text(LINEAGE)) | change))


@pytest.mark.parametrize("text", ["", "[]", '{"format": 1}', '{"day": NaN}'])
def test_what_is_no_lineage_is_refused(text: str) -> None:
    with pytest.raises(LineageUnreadable):
        parse_lineage(text)


def test_a_card_names_the_model_its_parents_and_every_score() -> None:
    card = model_card(LINEAGE)
    for named in (MODEL.cid, f"`{MODEL.digest.hex()}`", f"`{'c0' * 32}`, `{'d1' * 32}`", "12.930000 mg/dL", "1,234"):
        assert named in card
    assert card.count("| `0x" + "b") == 2


def test_a_card_without_scores_says_so() -> None:
    card = model_card(dataclasses.replace(LINEAGE, loss=None, scores=()))
    assert "| loss | none yet |" in card
    assert "None yet." in card


def test_markup_in_a_task_stays_text() -> None:
    card = model_card(dataclasses.replace(LINEAGE, kind="x\n---\n# [click](javascript:1) | <script>"))
    head, _, body = card.removeprefix("---\n").partition("\n---\n")
    assert head.count("\n") == 1
    assert "<script>" not in body
    assert "[click]" not in body


def test_the_files_of_a_folder_are_the_lineage_and_the_card(tmp_path: Path) -> None:
    write_card(tmp_path, LINEAGE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "lineage.json"]
    assert parse_lineage((tmp_path / "lineage.json").read_text()) == LINEAGE
    assert str(tmp_path) not in (tmp_path / "README.md").read_text() + (tmp_path / "lineage.json").read_text()
