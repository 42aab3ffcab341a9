"""The head of a hospital's log on chain: after every round, over every stop; what was changed since is named."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import deploy
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.sites import ANCHOR_GAS, LATER_ANCHOR_GAS, AnchoredLog, Sites, add_sites
from fl_alliance.cli.main import main
from fl_alliance.deployment.anchoring import FILE, NOWHERE, Anchoring, allowance_wei, anchoring, require_anchored
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.site.anchors import difference
from fl_alliance.site.decisions import Decision
from fl_alliance.site.errors import LogDamaged
from fl_alliance.site.log import Book, DecisionLog, parse
from fl_alliance.site.policy import parse as parse_policy
from fl_alliance.site.template import template

RELAYER, HOSPITAL = NodeKey(DEVELOPMENT_SECRET, is_public=True), NodeKey(bytes.fromhex("5b" * 32))
DECISION = Decision(1000, HOSPITAL.address, "train", "1:0xa:2", 1, "allowed", "", 10, "d" * 64, "", 0.0, "p" * 64)


@dataclass
class Place:
    """A consortium's contract on a chain, a hospital with gas, its log, and what it was told."""

    relayer: Sender
    hospital: Sender
    sites: Sites
    log: DecisionLog
    home: Path
    told: list[str]

    def decide(self, count: int = 1) -> Book:
        for _ in range(count):
            with self.log.held() as writer:
                writer.append(DECISION)
        return self.log.read()

    def anchoring(self) -> Anchoring:
        """What a new `join` makes; it remembers nothing of another."""
        return Anchoring(self.hospital, self.sites.address, self.log, self.home, self.told.append)

    @property
    def anchored(self) -> AnchoredLog:
        return self.sites.anchored(HOSPITAL.address)

    @property
    def count(self) -> int:
        """How many transactions the hospital sent."""
        return self.hospital.rpc.number("eth_getTransactionCount", HOSPITAL.address, "latest")


@contextmanager
def opened(folder: Path, anchors: int = 20) -> Iterator[Place]:
    with connected(f"file://{folder / 'chain.db'}") as w3:
        relayer = Sender(w3, RELAYER)
        sites = Sites(relayer, add_sites(relayer, deploy(relayer), [HOSPITAL.address], 1).sites)
        if anchors:
            relayer.send(HOSPITAL.address, b"", 21_000, "gas", allowance_wei(relayer, anchors))
        yield Place(relayer, Sender(w3, HOSPITAL), sites, DecisionLog(folder / "policy.jsonl"), folder, [])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened(tmp_path) as made:
        yield made


def wait(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_head_is_anchored_at_the_start_after_each_round_and_at_the_end(place: Place) -> None:
    place.decide(2)
    with place.anchoring() as anchors:
        wait(lambda: place.anchored.length == 2)
        place.decide(3)
        anchors.note()
        wait(lambda: place.anchored.length == 5)
        anchors.note()
        last = place.decide()
    assert (place.anchored.length, place.anchored.head.hex()) == (6, last.head)
    assert place.count in (3, 4)
    assert not place.told


def test_nothing_is_sent_where_nothing_is_new(place: Place) -> None:
    with place.anchoring():
        pass
    place.decide()
    for _ in range(3):
        with place.anchoring() as anchors:
            anchors.note()
    assert place.count == 1


def test_whoever_was_killed_goes_on_from_what_the_chain_says(place: Place) -> None:
    place.decide(4)
    assert place.anchoring().anchor() == ""  # and it was killed before it knew
    later = place.decide()
    with place.anchoring():
        pass
    require_anchored(place.log, place.sites, HOSPITAL.address)
    assert [each.length for each in place.sites.anchors(HOSPITAL.address)] == [4, 5]
    assert place.anchored.head.hex() == later.head


def test_no_round_waits_for_an_anchor(place: Place) -> None:
    """A chain that does not answer holds up the thread, and nobody else."""
    answering = threading.Lock()
    request = place.hospital.rpc._provider.make_request

    def slow(*words: object) -> object:
        with answering:
            return request(*words)

    place.hospital.rpc._provider.make_request = slow
    place.decide()
    with place.anchoring() as anchors:
        with answering:
            place.decide()
            began = time.monotonic()
            anchors.note()
            assert time.monotonic() - began < 0.1
        wait(lambda: place.anchored.length == 2)


def test_a_chain_that_fell_silent_is_told_once_and_caught_up_with(place: Place) -> None:
    request, is_away = place.hospital.rpc._provider.make_request, threading.Event()

    def broken(*words: object) -> object:
        if is_away.is_set():
            raise ConnectionRefusedError("no route")
        return request(*words)

    place.hospital.rpc._provider.make_request = broken
    place.decide()
    anchors = place.anchoring()
    is_away.set()
    with anchors:
        wait(lambda: bool(place.told))
        anchors.note()
        time.sleep(0.1)
        is_away.clear()
        anchors.note()
        wait(lambda: len(place.told) == 2)
    assert place.anchored.length == 1
    assert "is not anchored: the chain does not answer" in place.told[0]
    assert "anchored again" in place.told[1]


def test_a_hospital_without_gas_leaves_its_signed_head_for_anybody_to_send(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAYER_KEY", DEVELOPMENT_SECRET.hex())
    with opened(tmp_path, anchors=0) as poor:
        poor.decide()
        with poor.anchoring() as anchors:
            poor.decide(2)
            anchors.note()
        assert poor.anchored.length == 0
        assert "has no gas for it" in poor.told[0]
    chain = ("--chain", f"file://{tmp_path / 'chain.db'}")
    assert main(["sites", "relay", str(tmp_path / FILE), *chain, "--key-env", "RELAYER_KEY"]) == 0
    assert main(["policy", "log", str(poor.log.path), "--check", *chain, "--sites", poor.sites.address]) == 0


def test_an_allowance_suffices_for_its_anchors(tmp_path: Path) -> None:
    with opened(tmp_path, anchors=8) as place:
        for _ in range(9):
            place.decide()
            assert place.anchoring().anchor() == ""
        assert place.anchored.length == 9
        rpc = place.hospital.rpc
        sent = rpc("eth_getLogs", {"address": place.sites.address, "fromBlock": "earliest"})
        gas = [rpc("eth_getTransactionReceipt", log["transactionHash"])["gasUsed"] for log in sent]
    first, *later = [int(used, 16) for used in gas]
    assert (len(later), first <= ANCHOR_GAS, max(later) <= LATER_ANCHOR_GAS) == (8, True, True), gas


def test_without_a_consortium_it_is_said_once_that_nothing_is_anchored(place: Place) -> None:
    policy = parse_policy(template("ab" * 32).encode(), place.home / "policy.yaml")
    assert anchoring(policy, place.home, place.hospital, None, place.told.append) is None
    assert place.told == [NOWHERE]
    assert anchoring(None, place.home, place.hospital, None, place.told.append) is None
    assert place.told == [NOWHERE]
    found = anchoring(policy, place.home, place.hospital, place.sites, place.told.append)
    assert isinstance(found, Anchoring)
    assert place.told == [NOWHERE]


# what was changed since


def anchor(book: Book, length: int) -> AnchoredLog:
    return AnchoredLog(bytes.fromhex(book.heads[length - 1]), length, 0)


def rewritten(book: Book, at: int, folder: Path) -> Book:
    """Return a log in which entry `at` is another, with heads that hang together again."""
    log = DecisionLog(folder / "other.jsonl")
    for number, entry in enumerate(book.decisions, start=1):
        with log.held() as writer:
            writer.append(replace(entry, bytes=11) if number == at else entry)
    return log.read()


@pytest.mark.parametrize("at", range(1, 11))
def test_a_rewritten_entry_is_between_the_last_anchor_that_holds_and_the_next(
    tmp_path: Path, place: Place, at: int
) -> None:
    book = place.decide(10)
    anchors = [anchor(book, length) for length in (3, 4, 8)]
    assert difference(book, anchors) is None
    found = difference(rewritten(book, at, tmp_path), anchors)
    if at > 8:
        assert found is None, "no anchor is of that entry yet"
        return
    assert found is not None
    assert found.first <= at <= found.last
    assert (found.first, found.last) in ((1, 3), (4, 4), (5, 8))
    assert "was changed" in str(found)


@pytest.mark.parametrize("left", range(8))
def test_the_first_entry_that_was_cut_off_is_named(place: Place, left: int) -> None:
    book = place.decide(9)
    content = b"".join(place.log.path.read_bytes().splitlines(keepends=True)[:left])
    found = difference(parse(content, place.log.path), [anchor(book, length) for length in (3, 8)])
    assert found is not None
    assert found.is_cut
    assert found.last == left + 1
    assert f"entry {left + 1} and what follows is cut off" in str(found)


def test_a_log_that_lost_what_was_anchored_is_not_gone_on_with(place: Place) -> None:
    place.decide(3)
    assert place.anchoring().anchor() == ""
    place.log.path.write_bytes(b"".join(place.log.path.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(LogDamaged, match="entry 3 and what follows is cut off"):
        require_anchored(place.log, place.sites, HOSPITAL.address)
    place.log.path.unlink()
    with pytest.raises(LogDamaged, match="entry 1 and what follows is cut off"):
        require_anchored(place.log, place.sites, HOSPITAL.address)


def test_the_command_checks_a_log_against_the_chain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(tmp_path) as place:
        place.decide(3)
        place.anchoring().anchor()
        place.decide(2)
        place.anchoring().anchor()
        place.decide()
    log, address = place.log.path, HOSPITAL.address
    check = ["--check", "--chain", f"file://{tmp_path / 'chain.db'}", "--sites", place.sites.address, "--last", "0"]
    assert main(["policy", "log", str(log), *check]) == 0
    assert "as anchored: 2 heads, the last with 5 entries; the last 1 are not anchored yet" in capsys.readouterr().out
    good = log.read_bytes()
    log.write_bytes(b"".join(good.splitlines(keepends=True)[:4]))
    assert main(["policy", "log", str(log), *check]) == 1
    assert "entry 5 and what follows is cut off: 5 entries are anchored" in capsys.readouterr().err
    log.write_bytes(good.replace(b'"bytes":10', b'"bytes":12', 1))
    assert main(["policy", "log", str(log), *check]) == 1
    assert "line 1" in capsys.readouterr().err
    log.unlink()
    assert main(["policy", "log", str(log), *check]) == 2
    assert main(["policy", "log", str(log), *check, "--account", address]) == 1
    assert "entry 1 and what follows is cut off" in capsys.readouterr().err
    log.write_bytes(good)
    assert main(["policy", "log", str(log), *check, "--account", RELAYER.address]) == 1
    assert "nothing is anchored" in capsys.readouterr().err
    assert main(["policy", "log", str(log), "--check"]) == 2
    assert "needs --chain URL and --sites ADDRESS" in capsys.readouterr().err
