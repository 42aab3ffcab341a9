"""A coordinator that cheats in a real run is caught by the audit, and the finding names the check that caught it."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import Message
from flwr.serverapp.strategy import FedAvg

from fl_alliance.archive import ProposalArchive
from fl_alliance.audit import audit
from fl_alliance.audit.finding import Check, DoesNotHold
from fl_alliance.config import load_config
from fl_alliance.job import run
from fl_alliance.records import RunFolder
from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import Arrays
from fl_alliance.transcript.content import FORMAT, Transcript, TranscriptDamaged
from fl_alliance.transcript.shelf import Shelf

WORDS = (
    *("workload=linear", "rounds=2", "nodes=6", "baselines=false"),
    *("alliance.proposers=3", "alliance.voters=2", "strategy=fedavg"),
)
RULES = ["candidates", "majority"]


def ran(root: Path, rule: str = "candidates", *more: str) -> RunFolder:
    folder, words = RunFolder(root), [*WORDS, f"rule={rule}", *more]
    run(load_config(words), folder, listener=lambda event: None, overrides=words)
    return folder


def finding(folder: RunFolder) -> DoesNotHold:
    with pytest.raises(DoesNotHold) as found:
        audit(folder.root, executes=False)
    return found.value


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return ran(tmp_path_factory.mktemp("transcribed") / "run")


@pytest.fixture
def copied(honest: RunFolder, tmp_path: Path) -> RunFolder:
    shutil.copytree(honest.root, tmp_path / "run")
    return RunFolder(tmp_path / "run")


# An honest coordinator


@pytest.mark.parametrize("rule", RULES)
def test_transcripts_of_an_honest_run_hold(honest: RunFolder, tmp_path: Path, rule: str) -> None:
    folder = honest if rule == "candidates" else ran(tmp_path / "run", rule)
    agreement = audit(folder.root, executes=False).agreement
    assert agreement is not None
    assert (agreement.transcripts, agreement.menus, agreement.posted) == (2, 2, 2)
    assert "transcripts/" in agreement.files
    for transcript in Shelf(folder.transcripts):
        assert transcript.relayer is not None
        assert len(transcript.account["proposals"]) == 3
        assert len(transcript.relayer["commitments"]) == len(transcript.account["votes"]) == 2
        assert all(one["bytes"] > 0 for one in transcript.relayer["updates"].values())


def test_a_transcript_is_named_by_the_sha256_of_its_bytes(honest: RunFolder) -> None:
    import hashlib

    paths = sorted(honest.transcripts.iterdir())
    assert [path.name[:5] for path in paths] == ["00001", "00002"]
    assert all(path.name[6:-5] == hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)


def test_what_was_not_transcribed_before_a_stop_is_transcribed_from_the_chain(tmp_path: Path) -> None:
    from fl_alliance.chain.accounts import NodeKey
    from fl_alliance.chain.connect import connected
    from fl_alliance.chain.deploy import Deployment
    from fl_alliance.chain.ledger import Alliance
    from fl_alliance.federation import DEVELOPMENT_SECRET
    from fl_alliance.transcript.writer import Transcriber

    folder = ran(tmp_path / "run", "candidates", "alliance.bond=0")
    whole = {transcript.number: transcript for transcript in Shelf(folder.transcripts)}
    next(folder.transcripts.glob("00002-*")).unlink()
    with connected(f"file://{folder.chain}") as w3:
        ledger = Alliance(w3, Deployment.load(folder.manifest), NodeKey(DEVELOPMENT_SECRET, is_public=True))
        Transcriber(Shelf(folder.transcripts), ledger, 1, lambda event: None)
    found = {transcript.number: transcript for transcript in Shelf(folder.transcripts)}
    assert found[1] == whole[1]
    assert found[2] == replace(whole[2], relayer=None)
    agreement = audit(folder.root, executes=False).agreement
    assert agreement is not None
    assert agreement.transcripts == 2


# A coordinator that aggregates something else than it was sent


class Cheat(FedAvg):
    """FedAvg over replies that the coordinator has had its hands on."""

    def __init__(self, tamper: Callable[[list[Message]], list[Message]], strategy: Any) -> None:
        super().__init__(
            fraction_train=strategy.fraction_train,
            min_train_nodes=strategy.min_train_nodes,
            min_available_nodes=strategy.min_available_nodes,
        )
        self._tamper = tamper

    def aggregate_train(self, server_round: int, replies: Iterable[Message]) -> Any:
        return super().aggregate_train(server_round, self._tamper(list(replies)))


def drop(replies: list[Message]) -> list[Message]:
    return replies[1:]


def replaced(replies: list[Message]) -> list[Message]:
    return [_with(replies[0], arrays=lambda array: array + np.float32(0.25)), *replies[1:]]


def insert(replies: list[Message]) -> list[Message]:
    return [*replies, _with(replies[0], arrays=lambda array: array * np.float32(-3))]


def reweight(replies: list[Message]) -> list[Message]:
    return [_with(replies[0], weight=50), *replies[1:]]


def _with(reply: Message, arrays: Callable[[Any], Any] = lambda array: array, weight: int = 1) -> Message:
    """Return a reply with other arrays, or counted as many times."""
    content = wire.without_alliance(reply).content
    twin = type(content)(dict(content.items()))
    name = next(iter(content.array_records))
    twin[name] = wire.to_record(
        {key: arrays(array) for key, array in wire.to_arrays(content.array_records[name]).items()}
    )
    metrics = next(iter(content.metric_records))
    told = dict(content.metric_records[metrics])
    twin[metrics] = type(content.metric_records[metrics])(told | {"num-examples": int(told["num-examples"]) * weight})
    return wire.with_content(reply, twin)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("tamper", [drop, replaced, insert, reweight])
def test_an_aggregate_of_other_updates_is_caught_by_forming_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tamper: Callable[[list[Message]], list[Message]], rule: str
) -> None:
    from fl_alliance.judging import make_strategy

    with monkeypatch.context() as patched:
        patched.setattr("fl_alliance.job.make_strategy", lambda config: Cheat(tamper, make_strategy(config)))
        folder = ran(tmp_path / "run", rule)
    found = finding(folder)
    assert found.check is Check.AGGREGATE
    assert "does not follow from the proposals" in found.what


def test_a_replaced_update_that_is_kept_as_the_signed_one_is_caught_by_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest_put = ProposalArchive.put

    def put(self: ProposalArchive, digest: bytes, arrays: Arrays, metrics: Any) -> None:
        honest_put(self, digest, {name: array + np.float32(1) for name, array in arrays.items()}, metrics)

    with monkeypatch.context() as patched:
        patched.setattr(ProposalArchive, "put", put)
        folder = ran(tmp_path / "run")
    assert finding(folder).check is Check.PROPOSALS


# A coordinator that writes down something else than what happened


def lying(monkeypatch: pytest.MonkeyPatch, root: Path, lie: Callable[[dict[str, Any], Any], None]) -> RunFolder:
    """A run whose coordinator puts false transcripts of round 2 on its shelf."""
    honest_put = Shelf.put

    def put(self: Shelf, transcript: Transcript) -> Path:
        account, relayer = _thawed(transcript.account), _thawed(transcript.relayer)
        if transcript.number == 2:
            lie(account, relayer)
        return honest_put(self, Transcript(account, relayer))

    with monkeypatch.context() as patched:
        patched.setattr(Shelf, "put", put)
        return ran(root)


def _thawed(content: Any) -> Any:
    import json

    return json.loads(json.dumps(content))


def misreport_a_score(account: dict[str, Any], relayer: Any) -> None:
    account["votes"][0]["scores"][0] += 1


def leave_out_a_vote(account: dict[str, Any], relayer: Any) -> None:
    del account["votes"][0]


def leave_out_a_proposal(account: dict[str, Any], relayer: Any) -> None:
    del account["proposals"][0]


def insert_a_proposal(account: dict[str, Any], relayer: Any) -> None:
    account["proposals"].append(account["proposals"][0] | {"member": account["voters"][0]})


def name_another_leader(account: dict[str, Any], relayer: Any) -> None:
    account["seeds"][0]["leader"] ^= 1


def name_other_voters(account: dict[str, Any], relayer: Any) -> None:
    account["voters"].reverse()


def swap_the_model(account: dict[str, Any], relayer: Any) -> None:
    account["model"] = "00" * 32


def say_it_was_rejected(account: dict[str, Any], relayer: Any) -> None:
    account["outcome"] = "void"


def pay_somebody_else(account: dict[str, Any], relayer: Any) -> None:
    account["payouts"][0]["gwei"] += 1


def name_other_code(account: dict[str, Any], relayer: Any) -> None:
    account["code"] = "00" * 32


def name_another_aggregate(account: dict[str, Any], relayer: Any) -> None:
    relayer["aggregate"] = "11" * 32


def forge_a_commitment(account: dict[str, Any], relayer: Any) -> None:
    relayer["commitments"][0]["commitment"] = "22" * 32


def forget_a_commitment(account: dict[str, Any], relayer: Any) -> None:
    del relayer["commitments"][0]


def understate_an_update(account: dict[str, Any], relayer: Any) -> None:
    next(iter(relayer["updates"].values()))["bytes"] -= 1


@pytest.mark.parametrize(
    ("lie", "check"),
    [
        (misreport_a_score, Check.SCORES),
        (leave_out_a_vote, Check.SCORES),
        (leave_out_a_proposal, Check.MESSAGES),
        (insert_a_proposal, Check.MESSAGES),
        (name_another_leader, Check.SEEDS),
        (name_other_voters, Check.ROLES),
        (swap_the_model, Check.MODEL),
        (say_it_was_rejected, Check.DECISION),
        (pay_somebody_else, Check.PAYOUTS),
        (name_other_code, Check.BUNDLE),
        (name_another_aggregate, Check.AGGREGATE),
        (forge_a_commitment, Check.MESSAGES),
        (forget_a_commitment, Check.MESSAGES),
        (understate_an_update, Check.PROPOSALS),
    ],
)
def test_a_false_transcript_is_caught_by_the_check_of_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: Callable[[dict[str, Any], Any], None], check: Check
) -> None:
    found = finding(lying(monkeypatch, tmp_path / "run", lie))
    assert (found.check, found.where) == (check, "transcript of round 2")


def test_another_final_model_is_caught_by_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fl_alliance.models import save_model

    def swapped(path: Path, arrays: Arrays) -> None:
        save_model(path, {name: array + np.float32(1) for name, array in arrays.items()})

    with monkeypatch.context() as patched:
        patched.setattr("fl_alliance.job.save_model", swapped)
        folder = ran(tmp_path / "run")
    found = finding(folder)
    assert (found.check, found.where) == (Check.MODEL, "model.safetensors")


# What happens to the files afterwards


def test_a_missing_and_a_second_transcript_are_found(copied: RunFolder) -> None:
    first = next(copied.transcripts.glob("00001-*"))
    content = first.read_bytes()
    first.unlink()
    assert finding(copied).check is Check.TRANSCRIPTS
    first.write_bytes(content)
    transcript = Transcript.decode(content)
    Shelf(copied.transcripts).put(replace(transcript, relayer=None))
    found = finding(copied)
    assert (found.check, found.what) == (Check.TRANSCRIPTS, "there are 2, needed one")


def test_a_transcript_of_a_round_that_never_was_is_found(copied: RunFolder) -> None:
    last = list(Shelf(copied.transcripts))[-1]
    Shelf(copied.transcripts).put(replace(last, account={**last.account, "round": 3}))
    found = finding(copied)
    assert (found.check, found.where) == (Check.TRANSCRIPTS, "transcript of round 3")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data + b"\n",
        lambda data: data.replace(b'"round":1', b'"round":7'),
        lambda data: data.replace(b",", b", ", 1),
        lambda data: b"[]\n",
        lambda data: b'{"format":"' + FORMAT.encode() + b'","chain":{},"relayer":null}\n',
        lambda data: b"\xff\xfe",
        lambda data: b"[" * 100_000,
    ],
)
def test_a_damaged_transcript_is_refused(copied: RunFolder, damage: Callable[[bytes], bytes]) -> None:
    path = next(copied.transcripts.glob("00001-*"))
    broken = damage(path.read_bytes())
    path.write_bytes(broken)
    if broken.endswith(b"}\n") and b'"round":7' not in broken:
        with pytest.raises(TranscriptDamaged):
            Transcript.decode(broken)
    assert finding(copied).check is Check.TRANSCRIPTS
