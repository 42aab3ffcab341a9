"""The log of decisions: whatever a stop leaves of it is told, whatever else changes in it is refused."""

import errno
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fl_alliance.site import log as module
from fl_alliance.site.decisions import Decision
from fl_alliance.site.errors import LogDamaged
from fl_alliance.site.log import NO_HEAD, DecisionLog, Torn, parse

PATH = Path("decisions.jsonl")


def decision(number: int = 0) -> Decision:
    return Decision(1000 + number, "0xsite", "train", "1:0xa:2", number, "allowed", "", 10, "d" * 64, "", 0.0, "p" * 64)


def written(log: DecisionLog, count: int) -> bytes:
    for number in range(count):
        with log.held() as writer:
            writer.append(decision(number))
    return log.path.read_bytes()


def test_every_line_names_the_one_before_and_reads_back(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "new" / "log.jsonl")
    lines = written(log, 3).splitlines()
    book = log.read()
    assert book.decisions == tuple(map(decision, range(3)))
    before = NO_HEAD
    for line in lines:
        content = json.loads(line)
        assert content["prev"] == before
        before = content["head"]
        assert hashlib.sha256(line.replace(b',"head":"%s"' % before.encode(), b"")).hexdigest() == before
    assert book.head == before
    assert log.path.stat().st_mode & 0o077 == 0


def test_a_line_is_on_the_disk_before_the_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(module.os, "fsync", lambda file: (synced.append(os.fstat(file).st_size), real(file))[1])
    content = written(DecisionLog(tmp_path / "log.jsonl"), 1)
    assert synced[-1] == len(content)


def test_a_stop_at_any_byte_is_told_and_loses_no_earlier_line(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "log.jsonl")
    whole = written(log, 3)
    second_end = len(b"".join(line + b"\n" for line in whole.split(b"\n")[:2]))
    told = completed = 0
    for cut in range(second_end + 1, len(whole)):
        log.path.write_bytes(whole[:cut])
        rest = whole[second_end:cut]
        with log.held() as writer:
            writer.append(decision(9))
        book = log.read()
        assert log.path.read_bytes().startswith(whole[:cut])
        assert book.decisions[:2] == (decision(0), decision(1))
        assert book.decisions[-1] == decision(9)
        if Torn(len(rest), hashlib.sha256(rest).hexdigest()) in book.entries:
            told += 1
        else:
            assert book.decisions[2] == decision(2)  # only the line's end was missing
            completed += 1
    assert (told, completed) == (len(whole) - second_end - 2, 1)


def test_a_stop_while_a_torn_line_is_being_told_is_told_too(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "log.jsonl")
    whole = written(log, 2)
    torn = whole[:-20]
    log.path.write_bytes(torn)
    with log.held() as writer:
        writer.append(decision(8))
    mended = log.path.read_bytes()
    counted = 0
    for cut in range(len(torn) + 1, len(mended)):
        log.path.write_bytes(mended[:cut])
        with log.held() as writer:
            writer.append(decision(9))
        book = log.read()
        assert log.path.read_bytes().startswith(mended[:cut])
        assert book.decisions[0] == decision(0)
        assert book.decisions[-1] == decision(9)
        assert any(isinstance(entry, Torn) for entry in book.entries)
        counted += 1
    assert counted > 100


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: lines[1:],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        lambda lines: [lines[0].replace(b'"bytes":10', b'"bytes":11'), *lines[1:]],
        lambda lines: [lines[0].replace(b'"round":0', b'"round": 0'), *lines[1:]],
        lambda lines: [lines[0], b"", *lines[1:]],
        lambda lines: [lines[0], b"rubbish", *lines[1:]],
        lambda lines: [*lines[:-2], lines[0], b""],
    ],
    ids=["first gone", "one gone", "swapped", "changed", "rewritten", "empty line", "rubbish between", "replayed"],
)
def test_what_no_stop_leaves_behind_is_damage(tmp_path: Path, damage: Callable[[list[bytes]], list[bytes]]) -> None:
    log = DecisionLog(tmp_path / "log.jsonl")
    lines = written(log, 4).split(b"\n")
    log.path.write_bytes(b"\n".join(damage(lines)))
    before = log.path.read_bytes()
    with pytest.raises(LogDamaged, match="line "):
        log.read()
    with pytest.raises(LogDamaged), log.held():
        pass
    assert log.path.read_bytes() == before


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 2000), st.integers(0, 60))
def test_no_content_makes_the_reader_fail_otherwise(content: bytes, place: int, length: int) -> None:
    whole = b""
    head = NO_HEAD
    for number in range(3):
        line, head = module.encode(decision(number), number + 1, head)
        whole += line + b"\n"
    place = min(place, len(whole))
    mutant = whole[:place] + content + whole[place + length :]
    try:
        book = parse(mutant, PATH)
    except LogDamaged:
        return
    kept = book.decisions
    assert kept == tuple(map(decision, range(len(kept))))


def test_a_head_that_was_anchored_still_holds_after_more_lines(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "log.jsonl")
    written(log, 2)
    early = log.read()
    written(log, 2)
    late = log.read()
    assert late.had(early.head, 2)
    assert late.had(NO_HEAD, 0)
    assert not late.had(early.head, 3)
    assert not early.had(late.head, 4)


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = DecisionLog(tmp_path / "log.jsonl")
    before = written(log, 2)
    real = os.write
    monkeypatch.setattr(module.os, "write", lambda file, data: real(file, data[:7]))
    with log.held() as writer, pytest.raises(OSError, match="space") as full:
        writer.append(decision(2))
    assert full.value.errno == errno.ENOSPC
    assert log.path.read_bytes() == before
