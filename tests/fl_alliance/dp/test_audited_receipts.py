"""Receipts in a run's transcripts: the audit verifies each, and a lie about one is caught by the check of privacy."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("opacus")

from fl_alliance.audit import audit
from fl_alliance.audit.finding import Check, DoesNotHold
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain
from fl_alliance.config import load_config
from fl_alliance.dp.account import Promise
from fl_alliance.dp.errors import ReceiptInvalid
from fl_alliance.dp.receipt import Receipt, ReceiptBook
from fl_alliance.dp.units import Unit
from fl_alliance.job import run
from fl_alliance.records import RunFolder
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.wire import Place
from fl_alliance.transcript.content import Transcript
from fl_alliance.transcript.shelf import Shelf

WORDS = [
    *("workload=linear", "rounds=3", "nodes=4", "baselines=false", "strategy=fedavg"),
    *("alliance.proposers=2", "alliance.voters=2", "rule.score_epsilon=1", "rule.reward=stake"),
    "alliance.bond=0",  # so that what is tampered with afterwards meets the check of receipts, not that of roots
]


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run whose voters' scores are noised, so that every update comes with a receipt."""
    folder = RunFolder(tmp_path_factory.mktemp("receipts") / "run")
    run(load_config(WORDS), folder, listener=lambda event: None, overrides=WORDS)
    return folder


@pytest.fixture
def copied(private: RunFolder, tmp_path: Path) -> RunFolder:
    shutil.copytree(private.root, tmp_path / "run")
    return RunFolder(tmp_path / "run")


def test_every_receipt_of_an_honest_run_holds(private: RunFolder) -> None:
    agreement = audit(private.root, executes=False).agreement
    assert agreement is not None
    updates = sum(len(transcript.account["proposals"]) for transcript in Shelf(private.transcripts))
    assert agreement.receipts == updates == 6
    assert "receipts.jsonl" in agreement.files


def leave_out(receipts: dict[str, str]) -> dict[str, str | None]:
    return dict.fromkeys(receipts)


def exchange(receipts: dict[str, str]) -> dict[str, str | None]:
    return dict(zip(receipts, reversed(receipts.values()), strict=True))


def understate(receipts: dict[str, str]) -> dict[str, str | None]:
    return {member: _changed(text, total_micro=lambda micro: micro + 1) for member, text in receipts.items()}


def for_another_unit(receipts: dict[str, str]) -> dict[str, str | None]:
    return {member: _changed(text, unit=lambda _: "patient") for member, text in receipts.items()}


def scribble(receipts: dict[str, str]) -> dict[str, str | None]:
    return {member: text[:-2] for member, text in receipts.items()}


def _changed(text: str, **change: Callable[[Any], Any]) -> str:
    content = json.loads(text)
    return json.dumps({**content, **{name: how(content[name]) for name, how in change.items()}})


@pytest.mark.parametrize("lie", [leave_out, exchange, understate, for_another_unit, scribble])
def test_a_lie_about_a_receipt_is_caught_by_the_check_of_privacy(
    copied: RunFolder, lie: Callable[[dict[str, str]], dict[str, str | None]]
) -> None:
    path = next(copied.transcripts.glob("00002-*"))
    transcript = Transcript.decode(path.read_bytes())
    assert transcript.relayer is not None
    told = transcript.relayer["updates"]
    lied = lie({member: one["receipt"] for member, one in told.items()})
    updates = {member: {**one, "receipt": lied[member]} for member, one in told.items()}
    path.unlink()
    Shelf(copied.transcripts).put(replace(transcript, relayer={**transcript.relayer, "updates": updates}))
    assert finding(copied).check is Check.PRIVACY


def test_a_list_of_receipts_that_says_something_else_is_caught_too(copied: RunFolder) -> None:
    first, *others = copied.receipts.read_text().splitlines()
    copied.receipts.write_text("\n".join([_changed(first, total_micro=lambda micro: micro + 1), *others]) + "\n")
    assert finding(copied).check is Check.PRIVACY
    copied.receipts.write_bytes(b"\xff\xfe")
    assert finding(copied).check is Check.PRIVACY


def finding(folder: RunFolder) -> DoesNotHold:
    with pytest.raises(DoesNotHold) as found:
        audit(folder.root, executes=False)
    return found.value


# A site that takes back what it spent

PLACE = Place(Domain(31337, "0x" + "11" * 20), 3, 2)
SITE, PROMISE = NodeKey.derive(1, 0), Promise(Unit.RECORD, 3.0, 1e-5)


def receipt(private: RunFolder, place: Place, micro: int, head: int) -> Receipt:
    one = next(iter(ReceiptBook(private.receipts, PROMISE))).said
    said = replace(
        one,
        task=place.task,
        round=place.round,
        update=bytes([place.round] * 32),
        ledger=bytes([head] * 32),
        epsilon_micro=micro,
        total_micro=micro,
    )
    return Receipt(said, said.sign(SITE, place.domain))


@pytest.mark.parametrize(
    ("micro", "head", "message"),
    [(900_000, 2, r"epsilon 0\.9, the same node has said 1 before"), (2_000_000, 1, "same head")],
)
def test_a_site_that_takes_back_what_it_spent_is_not_believed(
    private: RunFolder, tmp_path: Path, micro: int, head: int, message: str
) -> None:
    earlier, later = receipt(private, PLACE, 1_000_000, 1), receipt(private, replace(PLACE, round=3), micro, head)
    with pytest.raises(ReceiptInvalid, match=message):
        later.check_after(earlier)
    ReceiptBook(tmp_path / "book", PROMISE).admit(PLACE, SITE.address, earlier.said.update, earlier.to_json())
    for book in (ReceiptBook(tmp_path / "book", PROMISE), ReceiptBook(tmp_path / "book", PROMISE)):
        with pytest.raises(BadReply, match=message):
            book.admit(replace(PLACE, round=3), SITE.address, later.said.update, later.to_json())
    ReceiptBook(tmp_path / "book", PROMISE).admit(PLACE, SITE.address, earlier.said.update, earlier.to_json())
