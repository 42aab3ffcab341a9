"""Private training in a whole run: receipts that come with updates, ledgers that are left, and sites that stop."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("opacus")

from flwr.app import ConfigRecord, Message, MessageType, RecordDict

from fl_alliance import job
from fl_alliance.chain.messages import Domain
from fl_alliance.cli.main import main
from fl_alliance.client_app import app
from fl_alliance.config import ConfigError, load_config
from fl_alliance.dp.account import Promise
from fl_alliance.dp.ledger import Ledger
from fl_alliance.dp.receipt import Receipt, ReceiptBook
from fl_alliance.records import RoundRecord, RunFolder
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import wire
from fl_alliance.strategies.wire import Place
from fl_alliance.workloads.base import Arrays
from fl_alliance.yardstick import Yardstick

SMALL = "nodes=4 alliance.proposers=2 alliance.voters=2 baselines=false workload.options.hidden=4"


def run(words: str, root: Path) -> RunFolder:
    folder, overrides = RunFolder(root), shlex.split(f"{SMALL} {words}")
    job.run(load_config(overrides), folder, listener=lambda _: None, overrides=overrides)
    return folder


def books(folder: RunFolder) -> Sequence[Any]:
    return [Ledger(path).read() for path in sorted(folder.privacy.rglob("*.jsonl"))]


@pytest.fixture(scope="module")
def private_run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Five rounds draw two of four sites each, whatever the seed: one of them is asked three times at least."""
    return run("dp=patient dp.epsilon=3 dp.rounds=2 rounds=5", tmp_path_factory.mktemp("private") / "run")


def rounds(folder: RunFolder) -> list[RoundRecord]:
    return list(folder.rounds())


def test_every_update_that_was_taken_came_with_a_receipt(private_run: RunFolder) -> None:
    promise = Promise.of(load_config(shlex.split(f"{SMALL} dp=patient dp.epsilon=3 dp.rounds=2 rounds=5")))
    assert promise is not None
    receipts = list(ReceiptBook(private_run.receipts, promise))
    taken = [(record.round, member) for record in rounds(private_run) for member in record.proposed]
    assert len(receipts) == len(taken) > 0
    assert all(0 < receipt.epsilon <= 3.0 for receipt in receipts)


def test_a_receipt_names_a_state_of_a_ledger_that_says_the_same(private_run: RunFolder) -> None:
    by_head = {book.head: book for book in books(private_run)}
    last = [receipt for receipt in _receipts(private_run) if receipt.said.ledger.hex() in by_head]
    assert last
    for receipt in last:
        spent = by_head[receipt.said.ledger.hex()].spent(1e-5).epsilon
        assert spent <= receipt.epsilon <= spent + 1e-6


def test_a_site_that_has_trained_as_often_as_its_budget_allows_stops_and_says_so(private_run: RunFolder) -> None:
    ledgers = books(private_run)
    assert len(ledgers) == 4
    assert max(len(book.spendings) for book in ledgers) == 2
    assert all(book.spent(1e-5).epsilon <= 3.0 for book in ledgers)
    reasons = [reason for record in rounds(private_run) for reason in record.dropped.values()]
    assert any("privacy budget: this task promises each patient epsilon 3" in reason for reason in reasons)


def test_no_loss_of_training_leaves_a_private_site(private_run: RunFolder) -> None:
    assert all("train_loss" not in record.train_metrics for record in rounds(private_run))


def test_status_says_what_is_spent_left_and_how_long_it_lasts(
    private_run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["privacy", "status", str(private_run.root)]) == 0
    told = capsys.readouterr().out
    assert "of 3 at delta 1e-05" in told
    assert "lasts for no more rounds like the last one" in told
    assert main(["privacy", "status", str(private_run.root), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["unit"] for each in found} == {"patient"}
    assert any(each["rounds_left"] == 0 for each in found)


def test_a_hospital_raises_the_limit_and_the_same_ledger_lasts_longer(
    private_run: RunFolder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = next(path for path in private_run.privacy.rglob("*.jsonl") if Ledger(path).read().spendings)
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    assert main(["privacy", "limit", str(tmp_path), path.stem[:8], "--epsilon", "6", "--delta", "1e-5"]) == 0
    assert main(["privacy", "status", str(tmp_path), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert (found["limit"]["epsilon"], found["limit"]["by"]) == (6.0, "hospital")
    assert found["rounds_left"] >= 1


def test_scores_are_entered_in_the_same_ledger_and_updates_come_with_receipts_too(tmp_path: Path) -> None:
    folder = run("dp=record rule.score_epsilon=0.5 rule.reward=stake workload=digits rounds=2", tmp_path / "run")
    kinds = {type(entry).__name__ for book in books(folder) for entry in book.spendings}
    assert kinds == {"Trained", "Scored"}
    both = [book for book in books(folder) if {type(entry).__name__ for entry in book.spendings} == kinds]
    for book in both:
        trained = [entry for entry in book.spendings if type(entry).__name__ == "Trained"]
        scored = len(book.spendings) - len(trained)
        alone = book.spent(1e-5).epsilon - 0.5 * scored
        assert alone == pytest.approx(_training_alone(trained))
    assert both
    assert len(_receipts(folder)) == sum(len(record.proposed) for record in rounds(folder))


def test_a_second_model_in_one_round_is_refused_before_budget_is_spent_on_it(tmp_path: Path) -> None:
    words = f"{SMALL} dp=record workload=digits".replace("workload.options.hidden=4", "")
    grid = LocalGrid(app, 4, {"overrides": words, "run-dir": str(tmp_path)})
    model = Yardstick(load_config(shlex.split(words))).initial_model
    other = {name: array + 1 for name, array in model.items()}
    place = Place(Domain(31337, "0x" + "11" * 20), 1, 1)
    (first,), (again,), (second,) = (grid.send_and_receive([_asked(place, arrays)]) for arrays in (model, model, other))
    assert not first.has_error()
    assert update_of(first) == update_of(again)
    assert "another training was signed in round 1" in second.error.reason
    (ledger,) = tmp_path.rglob("*.jsonl")
    assert len(Ledger(ledger).read().spendings) == 1


def update_of(reply: Message) -> bytes:
    return wire.data(wire.alliance_record(reply), "update", 32)


def _asked(place: Place, arrays: Arrays) -> Message:
    content = RecordDict(
        {
            "arrays": wire.to_record(arrays),
            "config": ConfigRecord({"server-round": place.round}),
            wire.ALLIANCE: wire.place_record(place),
        }
    )
    return Message(content, dst_node_id=1, message_type=MessageType.TRAIN)


def test_a_sum_of_masked_private_updates_is_adopted_and_each_comes_with_a_receipt(tmp_path: Path) -> None:
    words = "dp=patient privacy.masks=true rule.reward=stake workload.options.start=simulated"
    folder = run(f"{words} rounds=5 nodes=6 alliance.proposers=4", tmp_path / "run")
    assert [record.outcome for record in rounds(folder)].count("accepted") >= 2
    assert len(_receipts(folder)) == sum(len(record.proposed) for record in rounds(folder)) == 5 * 4
    before, *_, after = (record.metrics["rmse"] for record in rounds(folder))
    assert after < before


def test_without_private_training_or_noise_nothing_is_counted(tmp_path: Path) -> None:
    folder = run("workload=digits rounds=1", tmp_path / "run")
    assert not folder.receipts.exists()
    assert not folder.privacy.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("dp=patient workload=digits", "needed dp.unit=record"),
        ("dp=record workload=linear", "is not a TorchWorkload"),
        ("dp=record train.batch_size=8", "mean nothing with dp.unit=record"),
        ("dp=record dp.rate=0", "dp.rate=0"),
        ("dp=record dp.noise=0.1", "dp.noise=0.1"),
        ("dp.unit=everybody", "dp.unit=everybody"),
        ("dp=record dp.delta=1", "dp.delta=1"),
    ],
)
def test_a_promise_that_cannot_be_kept_is_refused_before_anything_runs(words: str, said: str, tmp_path: Path) -> None:
    options = SMALL.replace("workload.options.hidden=4", "") if "linear" in words else SMALL
    overrides = shlex.split(f"{options} {words}")
    with pytest.raises(ConfigError, match=said):
        job.prepare(RunFolder(tmp_path / "run"), load_config(overrides), overrides)


def _receipts(folder: RunFolder) -> list[Receipt]:
    return [Receipt.read(line) for line in folder.receipts.read_text().splitlines()]


def _training_alone(trained: Sequence[Any]) -> float:
    from fl_alliance.dp.accounting import spent

    return spent([(entry.noise, entry.rate, entry.steps) for entry in trained], 0.0, 1e-5).epsilon
