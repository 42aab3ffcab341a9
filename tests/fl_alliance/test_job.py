"""The main job as a whole: reproducible to the last byte, and able to go on from wherever it was stopped."""

from pathlib import Path

import pytest
from run_steps import steps

from fl_alliance import federation, job
from fl_alliance.chain.errors import ChainCorrupt, ChainError, DevelopmentKey, KeyUnusable, WrongChain
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.config import ConfigError, load_config
from fl_alliance.folders import FolderError
from fl_alliance.models import load_model
from fl_alliance.records import RunFolder
from fl_alliance.strategies.digests import model_digest
from fl_alliance.strategies.errors import CommitteeTooSmall, RunStalled
from fl_alliance.workloads import WorkloadError

SMALL = ["workload=linear", "nodes=4", "rounds=3", "alliance.proposers=2", "alliance.voters=2", "baselines=false"]
ADAM = [*SMALL, "strategy=fedadam"]


def run(folder: Path, overrides: list[str], resume: bool = False) -> job.RunSummary:
    config = load_config(overrides)
    return job.run(config, RunFolder(folder), listener=lambda _: None, overrides=overrides, resume=resume)


def head(folder: Path) -> bytes:
    with ChainFile(folder / "chain.db") as chain:
        return chain.verify().hash


def test_two_runs_are_equal_to_the_last_byte(tmp_path: Path) -> None:
    first, second = run(tmp_path / "a", SMALL), run(tmp_path / "b", SMALL)
    assert first == second
    assert head(tmp_path / "a") == head(tmp_path / "b")
    for name in ("model.safetensors", "config.yaml", "deployment.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert run(tmp_path / "c", [*SMALL, "seed=2"]).model != first.model


def test_the_saved_model_is_the_one_that_the_chain_adopted(tmp_path: Path) -> None:
    summary = run(tmp_path, SMALL)
    assert model_digest(load_model(tmp_path / "model.safetensors")) == summary.model
    records = list(RunFolder(tmp_path).rounds())
    assert [record.round for record in records] == [1, 2, 3]
    assert records[-1].model == summary.model.hex()
    assert (tmp_path / "report.html").is_file()


class Stopped(BaseException):
    """What a kill, Ctrl-C or a power cut looks like from inside: nothing after it runs."""


def count_sends(monkeypatch: pytest.MonkeyPatch, stop_at: int | None, is_after: bool) -> list[int]:
    """Let the process stop before, or just after, its transaction number `stop_at` has reached the chain."""
    sent, send = [0], Alliance._send

    def counted(self: Alliance, *args: object) -> object:
        sent[0] += 1
        if sent[0] == stop_at and not is_after:
            raise Stopped
        receipt = send(self, *args)  # type: ignore[arg-type]
        if sent[0] == stop_at:
            raise Stopped
        return receipt

    monkeypatch.setattr(Alliance, "_send", counted)
    return sent


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[job.RunSummary, Path, int]:
    """The same run without a stop: summary, folder and number of the task's transactions."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as monkeypatch:
        sent = count_sends(monkeypatch, None, False)
        summary = run(folder, ADAM)
    return summary, folder, sent[0]


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_a_run_stopped_at_any_transaction_goes_on_and_ends_the_same(
    tmp_path: Path, undisturbed: tuple[job.RunSummary, Path, int], is_after: bool
) -> None:
    summary, whole, transactions = undisturbed
    assert transactions > 15
    for stop_at in range(1, transactions + 1):
        folder = tmp_path / str(stop_at)
        with pytest.MonkeyPatch.context() as monkeypatch:
            count_sends(monkeypatch, stop_at, is_after)
            with pytest.raises(Stopped):
                run(folder, ADAM)
        assert run(folder, ADAM, resume=True) == summary, f"stopped at transaction {stop_at}"
        assert steps(folder) == steps(whole), f"stopped at transaction {stop_at}"
        assert [record.round for record in RunFolder(folder).rounds()] == [1, 2, 3]


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path) -> None:
    summary = run(tmp_path, SMALL)
    before = head(tmp_path)
    assert run(tmp_path, SMALL, resume=True) == summary
    assert head(tmp_path) == before


def test_a_run_is_not_resumed_by_other_code_than_it_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, SMALL)
    monkeypatch.setattr(federation, "code_digest", lambda: b"\1" * 32)
    with pytest.raises(FolderError, match="needed the version that began it"):
        run(tmp_path, SMALL, resume=True)


@pytest.mark.parametrize(
    ("overrides", "error", "message"),
    [
        (["strategy=krum", "+strategy.num_malicious_nodes=3"], CommitteeTooSmall, "num_malicious_nodes"),
        (["strategy._target_=flwr.serverapp.strategy.Nothing"], ConfigError, "Nothing"),
        (["strategy._target_=pathlib.Path"], ConfigError, "is not a flwr.serverapp.strategy.Strategy"),
        (["+strategy.nonsense=1"], ConfigError, "nonsense"),
        (["workload=glucose", "workload.options.data=/nowhere/cgm.csv"], WorkloadError, "/nowhere/cgm.csv"),
        (["workload.name=glucoze"], WorkloadError, "glucose"),
        (["workload=glucose", "nodes=80"], WorkloadError, "80 nodes"),
        (["chain.url=http://127.0.0.1:9", "chain.relayer_key_env=KEY"], ChainError, "127.0.0.1:9"),
        (["chain.url=gopher://x"], ChainError, "gopher"),
        (['chain.url="memory://?chain_id=5"', "chain.chain_id=7"], WrongChain, "found chain id 5, needed 7"),
        (['chain.url="memory://?chain_id=5"', "chain.chain_id=5"], DevelopmentKey, "31337"),
        (["chain.url=http://127.0.0.1:9", "chain.chain_id=1"], ConfigError, "relayer_key_env"),
        (["chain.relayer_key_env=UNSET_KEY"], KeyUnusable, "UNSET_KEY"),
    ],
)
def test_what_cannot_run_is_refused_with_the_reason(
    tmp_path: Path, overrides: list[str], error: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "11" * 32)
    with pytest.raises(error, match=message):
        run(tmp_path, [*SMALL, *overrides])
    assert not (tmp_path / "metrics.jsonl").exists()


def test_a_corrupt_chain_file_is_named_with_its_block(tmp_path: Path) -> None:
    run(tmp_path, SMALL)
    flip_a_byte_of_block(tmp_path / "chain.db", 9)
    with pytest.raises(ChainCorrupt, match="block 9"):
        run(tmp_path, SMALL, resume=True)


def flip_a_byte_of_block(path: Path, number: int) -> None:
    import sqlite3

    with sqlite3.connect(path) as db:
        (raw,) = db.execute("SELECT tx FROM block WHERE number = ?", (number,)).fetchone()
        changed = bytes([*raw[:40], raw[40] ^ 1, *raw[41:]])
        db.execute("UPDATE block SET tx = ? WHERE number = ?", (changed, number))
    db.close()


def test_a_model_that_is_not_the_chains_is_refused_on_resume(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        count_sends(monkeypatch, 17, False)
        with pytest.raises(Stopped):
            run(tmp_path, ADAM)
    models = list((tmp_path / "models").glob("*.safetensors"))
    assert models
    for path in models:
        path.unlink()
    with pytest.raises(FileNotFoundError, match="needs the model with digest"):
        run(tmp_path, ADAM, resume=True)


def test_fewer_nodes_than_a_committee_stop_the_run_with_their_reasons(tmp_path: Path) -> None:
    from flwr.app import Context, Message
    from flwr.clientapp import ClientApp

    from fl_alliance.runtime.local import LocalGrid

    class Down(ClientApp):
        def __call__(self, message: Message, context: Context) -> Message:
            raise ConnectionError("this site is down")

    config = load_config(SMALL)
    folder = RunFolder(tmp_path)
    job.prepare(folder, config, SMALL)
    with pytest.raises(RunStalled, match=r"0 nodes joined, needed 4.*this site is down"):
        job.federate(LocalGrid(Down(), 4, {}), config, folder, listener=lambda _: None, resume=False)
