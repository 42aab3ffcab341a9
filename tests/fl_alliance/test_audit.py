"""The audit: an honest run holds, and whatever anybody changes in it is found and named.

FL_ALLIANCE_EVERY_BYTE=1 flips every stored byte instead of a sample; that takes hours.
"""

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg
from forging import rewrite

from fl_alliance.audit import audit
from fl_alliance.audit.chain import audit_chain
from fl_alliance.audit.facts import EndedRound
from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.chain import artifacts, calls
from fl_alliance.chain import deploy as deployment
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.batches import SignedVote
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import connected
from fl_alliance.chain.errors import ChainCorrupt
from fl_alliance.chain.node.block import Block, Receipt
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.node.transaction import decode_transaction
from fl_alliance.chain.rules.settlement import Why
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.steps import CommitVotes, Propose, Settle, Start
from fl_alliance.cli.main import main
from fl_alliance.client_app import app as honest_app
from fl_alliance.config import load_config
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.folders import FolderError
from fl_alliance.job import run
from fl_alliance.models import load_model, save_model
from fl_alliance.records import RoundRecord, RunFolder
from fl_alliance.strategies.events import (
    Event,
    ProposalsLocked,
    RoundOpened,
    RoundSettled,
    VotersDrawn,
    VotesCommitted,
)

WORDS = [
    "rule=majority",
    "workload=linear",
    "rounds=2",
    "nodes=4",
    "alliance.proposers=2",
    "alliance.voters=2",
    "baselines=false",
]
COLUMNS = ("header", "hash", "tx", "receipt", "writes")
EVERY_BYTE = os.environ.get("FL_ALLIANCE_EVERY_BYTE") == "1"
STRIDE = 1 if EVERY_BYTE else 1201
"""Distance of the bytes that are flipped in one column, beside its first and its last."""


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A real run of two rounds, which no test changes."""
    folder = RunFolder(tmp_path_factory.mktemp("honest") / "run")
    run(load_config(WORDS), folder, listener=lambda event: None, overrides=WORDS)
    return folder


@pytest.fixture
def copied(honest: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of the run, to be tampered with."""
    shutil.copytree(honest.root, tmp_path / "run")
    return RunFolder(tmp_path / "run")


@pytest.fixture(scope="session")
def moments(honest: RunFolder) -> dict[int, str]:
    """What is going on at each block, told from the steps alone; nothing before the first round."""
    found, number, finished = {}, 0, False
    with ChainFile(honest.chain) as file:
        for block in file.blocks():
            found[block.number] = "after round 2" if finished else f"round {number}" if number else ""
            for step in steps_of(block):
                if isinstance(step, Start):
                    number = 1
                elif isinstance(step, Settle):
                    finished = number == 2
                    number = min(number + 1, 2)
    return found


def steps_of(block: Block) -> tuple[Any, ...]:
    functions = interface("Alliance").by_selector
    if block.transaction is None or block.transaction.data[:4] not in functions or not block.transaction.to:
        return ()
    if functions[block.transaction.data[:4]].name in ("approve", "transfer"):
        return ()
    return calls.decode(block.transaction.data)


def first_with(path: Path, kind: type, skip: int = 0) -> int:
    """The number of the first block, after `skip` others, in which a step of this kind was taken."""
    with ChainFile(path) as file:
        found = [block.number for block in file.blocks() if any(isinstance(step, kind) for step in steps_of(block))]
    return found[skip]


def finding(path: Path, executes: bool = False) -> str:
    """What the audit of a chain reports; it must report something."""
    with pytest.raises(DoesNotHold) as found:
        audit_chain(path, executes=executes)
    return str(found.value)


# An honest run


@pytest.mark.parametrize("executes", [True, False])
def test_an_honest_run_holds_and_everything_in_it_is_counted(honest: RunFolder, executes: bool) -> None:
    told: list[EndedRound] = []
    verdict = audit(honest.root, executes=executes, listener=lambda task, ended: told.append(ended))
    counts = verdict.audited.counts
    assert [ended.number for ended in told] == [1, 2]
    assert counts.proofs == 4 + 2 * 2  # possession of each node, two draws a round
    assert counts.signatures == counts.transactions + 4 + 2 * (2 + 2)  # stakes, and each round's proposals and votes
    assert counts.payouts == 2 * 4
    assert counts.slashes == 0
    with ChainFile(honest.chain) as file:
        assert verdict.audited.head == file.verify().hash
    assert verdict.agreement is not None
    assert {"metrics.jsonl", "model.safetensors", "config.yaml", "deployment.json"} <= set(verdict.agreement.files)


def test_a_chain_file_alone_can_be_audited(honest: RunFolder, tmp_path: Path) -> None:
    alone = shutil.copy(honest.chain, tmp_path / "somebodys.db")
    verdict = audit(Path(alone))
    assert verdict.agreement is None
    assert len(verdict.audited.rounds[1]) == 2


def test_the_command_says_what_was_verified_and_why_everybody_was_paid(
    honest: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", str(honest.root), "--verbose"]) == 0
    said = capsys.readouterr().out
    assert "everything holds" in said
    assert said.count("of the round's reward") == 8
    model = next(iter(audit_chain(honest.chain).models.tasks.values())).model
    assert model.hex() in said


class Nodes(ClientApp):
    """Every node's app; those of some partitions fail on some kinds of message."""

    def __init__(self, kinds: set[str], partitions: set[int]) -> None:
        super().__init__()
        self._kinds, self._partitions = kinds, partitions

    def __call__(self, message: Message, context: Context) -> Message:
        is_theirs = int(context.node_config["partition-id"]) in self._partitions
        if is_theirs and message.metadata.message_type in self._kinds:
            raise ConnectionError("this site is down")
        return honest_app(message, context)


class Saboteur(FedAvg):
    """A coordinator that spoils the second round's aggregate."""

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        arrays, metrics = super().aggregate_train(server_round, replies)
        if server_round == 2 and arrays is not None:
            arrays = ArrayRecord({name: Array(-50 * array.numpy()) for name, array in arrays.items()})
        return arrays, metrics


ALL = {0, 1, 2, 3, 4, 5}
SIX = ["workload=linear", "rounds=4", "nodes=6", "alliance.proposers=3", "alliance.voters=3", "baselines=false"]


@pytest.mark.parametrize(
    ("kinds", "partitions", "outcomes", "why"),
    [
        pytest.param(set(), set(), {"accepted", "rejected"}, Why.PROPOSED_REJECTED, id="bad model"),
        pytest.param({"train"}, {3}, {"accepted", "rejected"}, Why.SILENT, id="no update"),
        pytest.param({"train"}, ALL, {"void"}, None, id="no updates"),
        pytest.param({"evaluate"}, {1}, {"accepted", "rejected"}, Why.SILENT, id="no vote"),
        pytest.param({"query.reveal"}, {4}, {"accepted", "rejected"}, Why.WITHHELD_VOTE, id="no reveal"),
        pytest.param({"query.reveal"}, ALL, {"void"}, Why.WITHHELD_VOTE, id="no reveals"),
        pytest.param({"query.prove"}, {0, 1}, {"accepted", "rejected"}, Why.ABSENT_LEADER, id="no leader"),
        pytest.param({"query.prove"}, ALL, {"void"}, Why.ABSENT_LEADER, id="no leaders"),
    ],
)
def test_a_run_in_which_not_everybody_does_its_part_holds(
    kinds: set[str],
    partitions: set[int],
    outcomes: set[str],
    why: Why | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = [*SIX, "rule=majority"]
    monkeypatch.setattr("fl_alliance.client_app.app", Nodes(kinds, partitions))
    for where in ("job", "audit.menus"):
        monkeypatch.setattr(f"fl_alliance.{where}.make_strategy", lambda config: Saboteur())
    folder = RunFolder(tmp_path / "run")
    run(load_config(words), folder, listener=lambda event: None, overrides=words)
    told: list[EndedRound] = []
    audit(folder.root, listener=lambda task, ended: told.append(ended))
    assert len(told) == 4
    assert {ended.outcome.name.lower() for ended in told} == outcomes
    whys = {line.reason.why for ended in told for line in ended.lines}
    assert why in whys if why else not whys


@pytest.mark.parametrize(
    ("kind", "partitions", "why"),
    [
        ("train", {3}, Why.SILENT),
        ("evaluate", {1}, Why.SILENT),
        ("query.reveal", {4}, Why.WITHHELD_VOTE),
        ("query.prove", {0, 1}, Why.ABSENT_LEADER),
    ],
)
def test_so_does_one_in_which_candidates_are_judged(
    kind: str, partitions: set[int], why: Why, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fl_alliance.client_app.app", Nodes({kind}, partitions))
    folder = RunFolder(tmp_path / "run")
    run(load_config(SIX), folder, listener=lambda event: None, overrides=SIX)
    told: list[EndedRound] = []
    verdict = audit(folder.root, listener=lambda task, ended: told.append(ended))
    assert verdict.agreement is not None
    assert verdict.agreement.menus == len(told) == 4
    assert why in {line.reason.why for ended in told for line in ended.lines}


def test_a_coordinator_that_spoils_an_aggregate_is_named_where_the_menu_is_formed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fl_alliance.job.make_strategy", lambda config: Saboteur())
    folder = RunFolder(tmp_path / "run")
    run(load_config(SIX), folder, listener=lambda event: None, overrides=SIX)
    with pytest.raises(DoesNotHold, match=r"round 2 .*put to the vote does not follow.*entry 2 \(aggregate\)"):
        audit(folder.root, executes=False)


class Stopped(Exception):
    """Somebody stops the run."""


@pytest.mark.parametrize("kind", [RoundOpened, ProposalsLocked, VotersDrawn, VotesCommitted, RoundSettled])
def test_a_stopped_run_holds_as_far_as_it_went_and_a_resumed_one_to_its_end(kind: type[Event], tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, kind) and event.round == 2:
            raise Stopped

    folder, config = RunFolder(tmp_path / "run"), load_config(WORDS)
    with pytest.raises(Stopped):
        run(config, folder, listener=stop, overrides=WORDS)
    verdict = audit(folder.root, executes=False)
    assert len(verdict.audited.rounds[1]) == (2 if kind is RoundSettled else 1)
    run(config, folder, listener=lambda event: None, overrides=WORDS, resume=True)
    assert len(audit(folder.root, executes=False).audited.rounds[1]) == 2


def test_a_run_killed_before_it_wrote_its_last_settled_round_holds_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(tmp_path / "run")
    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "append", stop_writing)
        with pytest.raises(Stopped):
            run(load_config(WORDS), folder, listener=lambda event: None, overrides=WORDS)
    agreement = audit(folder.root, executes=False).agreement
    assert agreement is not None
    assert any("has no line of round 1" in note for note in agreement.notes)


def stop_writing(folder: RunFolder, record: RoundRecord) -> None:
    raise Stopped


# A byte that is not the one that was written


def flips(size: int, seed: int) -> list[int]:
    """The bytes of a column of this size that are flipped: first, last, and some between."""
    if EVERY_BYTE:
        return list(range(size))
    return sorted({0, size - 1, *range(random.Random(seed).randrange(STRIDE), size, STRIDE)})


def flipped(value: bytes, at: int) -> bytes:
    return value[:at] + bytes([value[at] ^ 1 << at % 8]) + value[at + 1 :]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_flipped_byte_of_a_block_is_found_at_its_block_and_named_with_its_round(
    copied: RunFolder, moments: dict[int, str], column: str
) -> None:
    count = 0
    with closing(sqlite3.connect(copied.chain, isolation_level=None)) as db:
        rows = db.execute(f"SELECT number, {column} FROM block ORDER BY number").fetchall()  # noqa: S608
        change = f"UPDATE block SET {column} = ? WHERE number = ?"  # noqa: S608
        for number, value in rows:
            for at in flips(len(value), number) if value else ():
                db.execute(change, (flipped(value, at), number))
                with ChainFile(copied.chain) as file:
                    assert broken_block(file) == number, (column, at)
                db.execute(change, (value, number))
                count += 1
            if value:
                db.execute(change, (flipped(value, len(value) // 2), number))
                said = finding(copied.chain)
                assert said.startswith(f"block {number}, "), said
                assert f"{moments[number]}:" in said, said
                db.execute(change, (value, number))
    assert count >= 2 * len([value for _, value in rows if value]) - 1


def broken_block(file: ChainFile) -> int | None:
    """The block at which reading fails."""
    with pytest.raises(ChainCorrupt) as broken:
        file.verify()
    return broken.value.block


def test_a_flipped_byte_anywhere_in_the_file_is_found_or_meant_nothing(copied: RunFolder) -> None:
    content, head = copied.chain.read_bytes(), audit_chain(copied.chain).head
    found = 0
    # Densely in the header of the file; behind it, at strides that no page size divides, in pages and their headers.
    for at in range(len(content)) if EVERY_BYTE else [*range(0, 100, 4), *range(100, len(content), 1709)]:
        copied.chain.write_bytes(flipped(content, at))
        try:
            assert audit_chain(copied.chain, executes=False).head == head, at
        except DoesNotHold:
            found += 1
        for beside in ("-wal", "-shm"):
            Path(f"{copied.chain}{beside}").unlink(missing_ok=True)
    assert found >= 50


@pytest.mark.parametrize("kept", [0, 1, 16, 99, 100, 4096, 50_000, -20_000])
def test_a_truncated_file_is_named_not_thrown(copied: RunFolder, kept: int, capsys: pytest.CaptureFixture[str]) -> None:
    copied.chain.write_bytes(copied.chain.read_bytes()[:kept])
    assert main(["audit", str(copied.root)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "does not hold" in said


def test_a_file_of_another_program_is_named(copied: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    copied.chain.write_text("not a chain\n" * 1000)
    assert main(["audit", str(copied.root)]) == 1
    copied.chain.unlink()
    with closing(sqlite3.connect(copied.chain)) as db:
        db.execute("CREATE TABLE meta (name TEXT, value TEXT)")
    assert main(["audit", str(copied.root)]) == 1
    assert capsys.readouterr().err.count("no chain settings") == 2


def test_a_folder_without_a_chain_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="no chain file"):
        audit(tmp_path)


def test_a_chain_without_an_alliance_is_not_called_good(tmp_path: Path) -> None:
    with connected(f"file://{tmp_path}/chain.db"):
        pass
    assert "no contract on it is the Alliance as this version compiles it" in finding(tmp_path / "chain.db")


# A file that its author wrote anew, with hashes that fit


def with_logs(block: Block, change: Callable[[str, Any], Any]) -> Block:
    """The block with each event of its receipt changed or, for None, left out."""
    assert block.receipt is not None
    known = interface("Alliance").events | interface("FML").events
    logs = tuple(
        changed for log in block.receipt.logs if (changed := change(known[log.topics[0]].name, log)) is not None
    )
    return replace(block, receipt=Receipt.of(block.receipt.status, block.receipt.gas_used, logs))


def resigned(block: Block, data: bytes) -> Block:
    """The block with other calldata, signed by the relayer as it signs everything."""
    assert block.transaction is not None
    with_sender = Sender.__new__(Sender)
    with_sender.key, with_sender.chain_id = NodeKey(DEVELOPMENT_SECRET, is_public=True), block.transaction.chain_id
    fees = (block.transaction.max_priority_fee_per_gas, block.transaction.max_fee_per_gas)
    old = block.transaction
    raw = with_sender._signed(old.nonce, "0x" + old.to.hex() if old.to else None, data, old.gas, old.value, fees)
    return replace(block, transaction=decode_transaction(raw, old.chain_id))


def test_rewriting_a_chain_without_a_change_changes_nothing(copied: RunFolder) -> None:
    head = audit_chain(copied.chain).head
    rewrite(copied.chain, first_with(copied.chain, Settle), lambda block: resigned(block, block.transaction.data))  # type: ignore[union-attr]
    assert audit_chain(copied.chain).head == head


@pytest.mark.parametrize("executes", [True, False])
def test_a_settlement_that_is_said_to_pay_something_else_is_named(copied: RunFolder, executes: bool) -> None:
    def pay_more(name: str, log: Any) -> Any:
        if name != "RoundSettled":
            return log
        event = interface("Alliance").event(name)
        place = [field for field, _, is_indexed in event.layout if not is_indexed].index("poolGwei")
        return replace(log, data=flipped(log.data, 32 * place + 31))

    number = first_with(copied.chain, Settle, skip=1)
    rewrite(copied.chain, number, lambda block: with_logs(block, pay_more))
    said = finding(copied.chain, executes)
    assert said.startswith(f"block {number}, round 2")
    assert ("the events" if executes else "poolGwei") in said


@pytest.mark.parametrize("executes", [True, False])
def test_an_event_that_is_left_out_is_named(copied: RunFolder, executes: bool) -> None:
    number = first_with(copied.chain, Settle)
    rewrite(
        copied.chain, number, lambda block: with_logs(block, lambda name, log: None if name == "RoundOpened" else log)
    )
    said = finding(copied.chain, executes)
    assert said.startswith(f"block {number}, round ")


@pytest.mark.parametrize("executes", [True, False])
def test_a_balance_that_is_written_otherwise_is_named(copied: RunFolder, executes: bool) -> None:
    """One bit more in every slot that a settlement wrote to the Alliance: balances among them."""

    def enrich(block: Block) -> Block:
        assert block.transaction is not None
        writes, at = bytearray(block.writes), 0
        while at < len(writes):
            size = 32 + (52 if writes[at] == 4 else 20)
            if writes[at] == 4 and writes[at + 1 : at + 21] == block.transaction.to:
                writes[at + size] ^= 1
            at += 1 + size
        return replace(block, writes=bytes(writes))

    number = first_with(copied.chain, Settle)
    rewrite(copied.chain, number, enrich)
    said = finding(copied.chain, executes)
    assert said.startswith(f"block {number}, round ")
    assert ("the state" if executes else "the contract says") in said


@pytest.mark.parametrize("executes", [True, False])
def test_a_step_that_is_said_to_have_failed_is_named(copied: RunFolder, executes: bool) -> None:
    def fail(block: Block) -> Block:
        assert block.receipt is not None
        return replace(block, receipt=Receipt.of(0, block.receipt.gas_used, ()), writes=b"")

    number = first_with(copied.chain, Propose, skip=1)
    rewrite(copied.chain, number, fail)
    said = finding(copied.chain, executes)
    assert said.startswith(f"block {number}, round 2")
    assert ("status" if executes else "break no rule") in said


@pytest.mark.parametrize("executes", [True, False])
def test_a_vote_that_the_coordinator_changes_is_named(copied: RunFolder, executes: bool) -> None:
    def favour(block: Block) -> Block:
        steps = list(steps_of(block))
        settle = next(step for step in steps if isinstance(step, Settle))
        votes = tuple(
            replace(vote, score_new=vote.score_new + 1) if isinstance(vote, SignedVote) else vote
            for vote in settle.votes
        )
        steps[steps.index(settle)] = replace(settle, votes=votes)
        return resigned(block, calls.encode_all(steps))

    number = first_with(copied.chain, Settle)
    rewrite(copied.chain, number, favour)
    said = finding(copied.chain, executes)
    assert said.startswith(f"block {number}, round 1")
    assert ("status" if executes else "the signature is not its own") in said


def test_an_update_that_the_coordinator_replaces_is_named(copied: RunFolder) -> None:
    def replace_update(block: Block) -> Block:
        (step,) = steps_of(block)
        first, *rest = step.proposals
        return resigned(block, calls.encode_all([replace(step, proposals=(replace(first, update=bytes(32)), *rest))]))

    number = first_with(copied.chain, Propose)
    rewrite(copied.chain, number, replace_update)
    said = finding(copied.chain)
    assert said.startswith(f"block {number}, round 1, step Propose: ")
    assert "the signature is not its own" in said


def test_another_candidate_than_the_voters_judged_is_named(copied: RunFolder) -> None:
    def swap(block: Block) -> Block:
        steps = [replace(step, digest=bytes(32)) if isinstance(step, CommitVotes) else step for step in steps_of(block)]
        return resigned(block, calls.encode_all(steps))

    rewrite(copied.chain, first_with(copied.chain, CommitVotes), swap)
    assert ", round 1, step " in finding(copied.chain)


def test_calldata_that_no_contract_reads_is_named(copied: RunFolder) -> None:
    number = first_with(copied.chain, Settle)
    rewrite(copied.chain, number, lambda block: resigned(block, block.transaction.data[:-200]))  # type: ignore[union-attr]
    assert finding(copied.chain).startswith(f"block {number}, round 1")


def test_a_cut_off_chain_is_shorter_and_its_folder_says_more(copied: RunFolder) -> None:
    """Nobody can see from a chain alone that blocks are missing at its end; the run's other files show it."""
    last = first_with(copied.chain, Settle, skip=1) - 1
    with closing(sqlite3.connect(copied.chain, isolation_level=None)) as db:
        db.execute("DELETE FROM block WHERE number > ?", (last,))
        head = db.execute("SELECT hash FROM block WHERE number = ?", (last,)).fetchone()[0]
        db.execute("UPDATE meta SET value=? WHERE name='head'", (last.to_bytes(8, "big") + head,))
    assert len(audit_chain(copied.chain).rounds[1]) == 1
    with pytest.raises(DoesNotHold, match="round 2: the chain has no such round"):
        audit(copied.root)


# Other contracts


BPS, CAP = "612710", "6b033b2e3c9fd0803ce8000000"
"""PUSH2 10,000, the whole in basis points, and PUSH12 of FML's cap, as they stand in compiled code."""


@pytest.mark.parametrize(("name", "constant"), [("FML", CAP), ("Registry", BPS), ("Disputes", BPS), ("Alliance", BPS)])
def test_a_contract_with_one_changed_constant_is_named_with_its_byte(
    name: str, constant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = artifacts.load(name).bytecode
    at = code.index(constant) + 4  # the constant's second byte
    other = f"{int(code[at : at + 2], 16) | 4:02x}"
    monkeypatch.setattr(deployment.artifacts, "load", changed_load(name, code[:at] + other + code[at + 2 :]))
    with connected(f"file://{tmp_path}/chain.db") as w3:
        deployment.deploy(Sender(w3, NodeKey(DEVELOPMENT_SECRET, is_public=True)))
    monkeypatch.undo()
    said = finding(tmp_path / "chain.db", executes=True)
    assert f"is not {name} as this version compiles it: byte {at // 2 - 1} is 0x{other}, needed 0x" in said


def changed_load(name: str, code: str) -> Callable[[str], artifacts.Artifact]:
    def load(asked: str) -> artifacts.Artifact:
        artifact = genuine_load(asked)
        return replace(artifact, bytecode=code) if asked == name else artifact

    genuine_load = artifacts.load
    return load


# What the folder claims


def edit_line(folder: RunFolder, number: int, change: Callable[[dict[str, Any]], None]) -> None:
    lines = [json.loads(line) for line in folder.metrics.read_text().splitlines()]
    change(lines[number - 1])
    folder.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))


CLAIMS: dict[str, Any] = {
    "outcome": "rejected",
    "proposers": [0],
    "proposed": [0],
    "voters": [3],
    "committed": [],
    "leader": 9,
    "voters_leader": 9,
    "absent_leaders": [1],
    "yes": 3,
    "no": 1,
    "scores": {"0": [1, 2]},
    "deltas": {"0": 10**18},
    "reasons": {"0": "it deserved it"},
    "balances": [10**18] * 4,
    "pool": 7,
    "model": "00" * 32,
    "reward": 1,
    "bounty": 1,
}


@pytest.mark.parametrize("key", CLAIMS)
def test_a_line_of_the_metrics_that_says_something_else_is_named(copied: RunFolder, key: str) -> None:
    edit_line(copied, 2, lambda line: line.update({key: CLAIMS[key]}))
    with pytest.raises(DoesNotHold, match=rf"metrics\.jsonl, round 2 \(block \d+\): says {key} .*, the chain says "):
        audit(copied.root, executes=False)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda lines: lines[:1], "round 2: has no line"),
        (lambda lines: [*lines, lines[1].replace('"round":2', '"round":3')], "round 3: the chain has no such round"),
        (lambda lines: [lines[0][:-9], lines[1]], "metrics.jsonl: cannot be read"),
        (lambda lines: ["[]", *lines], "metrics.jsonl: cannot be read"),
        (lambda lines: ['{"round": 1}', *lines], "metrics.jsonl: cannot be read"),
    ],
)
def test_a_metrics_file_that_is_not_the_runs_is_named(
    copied: RunFolder, content: Callable[[list[str]], list[str]], said: str
) -> None:
    copied.metrics.write_text("\n".join(content(copied.metrics.read_text().splitlines())) + "\n")
    with pytest.raises(DoesNotHold, match=said):
        audit(copied.root, executes=False)


def test_a_model_with_one_other_bit_is_named(copied: RunFolder) -> None:
    arrays = {name: array.copy() for name, array in load_model(copied.model).items()}
    next(iter(arrays.values())).view("uint8").reshape(-1)[0] ^= 1
    save_model(copied.model, arrays)
    with pytest.raises(DoesNotHold, match=r"model\.safetensors: its digest is .*, the chain adopted"):
        audit(copied.root, executes=False)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff" * 500])
def test_a_model_file_that_is_none_is_named(copied: RunFolder, content: bytes) -> None:
    copied.model.write_bytes(content)
    with pytest.raises(DoesNotHold, match=r"model\.safetensors: cannot be read"):
        audit(copied.root, executes=False)


def test_a_missing_model_is_noted(copied: RunFolder) -> None:
    copied.model.unlink()
    agreement = audit(copied.root, executes=False).agreement
    assert agreement is not None
    assert copied.model.name not in agreement.files
    assert any(copied.model.name in note for note in agreement.notes)


def test_a_configuration_other_than_the_task_was_created_with_is_named(copied: RunFolder) -> None:
    copied.config.write_text(copied.config.read_text().replace("rounds: 2", "rounds: 20"))
    with pytest.raises(DoesNotHold, match=r"config\.yaml: its digest is"):
        audit(copied.root, executes=False)
    copied.config.write_text("[")
    with pytest.raises(DoesNotHold, match=r"config\.yaml: cannot be read"):
        audit(copied.root, executes=False)


def test_without_the_settings_no_menu_is_formed_again_and_both_are_noted(copied: RunFolder) -> None:
    copied.config.unlink()
    agreement = audit(copied.root, executes=False).agreement
    assert agreement is not None
    assert (agreement.menus, "config.yaml" in agreement.files) == (0, False)
    assert "no config.yaml" in agreement.notes
    assert "what was put to the vote could not be formed again without the settings" in agreement.notes


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content.update(chain_id=1), "chain id 1, the chain says 31337"),
        (lambda content: content.update(task=7), "task 7, the chain has tasks 1 to 1"),
        (lambda content: content.update(code_digest="0x00"), "code_digest 0x00"),
        (lambda content: content["contracts"]["Alliance"].update(address="0x" + "11" * 20), "address of Alliance"),
        (lambda content: content["contracts"]["FML"].update(code_hash="0x"), "code hash of FML"),
        (lambda content: content["members"][1].update(address="0x" + "11" * 20), "member 1 0x11"),
    ],
)
def test_a_deployment_file_that_says_something_else_is_named(
    copied: RunFolder, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    content = json.loads(copied.deployment.read_text())
    change(content)
    copied.deployment.write_text(json.dumps(content))
    with pytest.raises(DoesNotHold, match=f"deployment.json: says {said}"):
        audit(copied.root, executes=False)


@pytest.fixture(autouse=True)
def _no_litter(honest: RunFolder) -> Iterator[None]:
    """No test changes the honest run."""
    before = honest.chain.read_bytes()
    yield
    assert honest.chain.read_bytes() == before
