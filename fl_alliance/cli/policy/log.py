"""`fl-alliance policy log`: what a site decided, and whether the log is whole."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.cli.arguments import CommandParser, command_parser

if TYPE_CHECKING:
    from fl_alliance.site.log import Book

_LONGEST = 15
_EPILOG = """\
Every line holds the sha256 of the one before, so nothing in the middle can change. What a stop left of a line stays,
and the next line tells of it. Length and head are what `join` anchors in the consortium's contract. --check reads
every head that was ever anchored there and names the first entry that was changed or cut off since; --had says whether
the log still holds one head that somebody kept.
Exit code 1: the log is damaged, or does not hold what was anchored.

examples:
  fl-alliance policy log policy.yaml
  fl-alliance policy log policy.yaml --last 20
  fl-alliance policy log policy.decisions.jsonl --had 120:9f3c...
  fl-alliance policy log policy.yaml --last 0 --check --chain http://127.0.0.1:8545 --sites 0x... --account 0x...
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = command_parser("policy log", "Show and verify what was decided under a policy.", _EPILOG)
    command.add_argument("file", type=Path, metavar="FILE", help="the policy, or its log (.jsonl)")
    command.add_argument("--last", type=int, metavar="N", help="only the last N lines")
    command.add_argument("--had", metavar="LENGTH:HEAD", help="an earlier length and head that must still hold")
    command.add_argument("--check", action="store_true", help="against what is anchored; needs --chain, --sites")
    command.add_argument("--chain", metavar="URL", help="an endpoint of the chain")
    command.add_argument("--sites", metavar="ADDRESS", help="the consortium's contract")
    command.add_argument("--account", metavar="ADDRESS", help="whose anchors (default: the one site of the log)")
    command.add_argument("--json", action="store_true", help="print the decisions as JSON")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print the log, whether it is whole, its length and its head."""
    from dataclasses import asdict

    from fl_alliance.config import ConfigError
    from fl_alliance.site.errors import LogDamaged
    from fl_alliance.site.log import DecisionLog
    from fl_alliance.site.policy import Policy
    from fl_alliance.site.words import entry_line

    if arguments.check and not (arguments.chain and arguments.sites):
        raise ConfigError("--check: needs --chain URL and --sites ADDRESS")
    if arguments.last is not None and arguments.last < 0:
        raise ConfigError(f"--last {arguments.last}: needs 0 or more")
    path = arguments.file if arguments.file.suffix == ".jsonl" else Policy.load(arguments.file).log
    if not path.exists() and not (arguments.check and arguments.account):
        raise ConfigError(f"{path}: no such log; nothing was decided yet")
    try:
        book = DecisionLog(path).read()
    except LogDamaged as error:
        print(f"fl-alliance policy log: {error}", file=sys.stderr)
        return 1
    shown = list(enumerate(book.entries, start=1))
    shown = shown[max(0, len(shown) - arguments.last) :] if arguments.last is not None else shown
    if arguments.json:
        lines = [{"n": number, **asdict(entry)} for number, entry in shown]
        print(json.dumps({"length": len(book.heads), "head": book.head, "lines": lines}, indent=1))
    else:
        for number, entry in shown:
            print(entry_line(number, entry))
        if book.rest is not None:
            print(f"        {len(book.rest)} bytes of a torn line at the end; the next decision will tell of them")
        print(f"whole: {len(book.heads)} lines, head {book.head}")
    is_whole = arguments.had is None or _still_has(book, arguments.had)
    if arguments.check:
        is_whole = _is_as_anchored(arguments, book) and is_whole
    return 0 if is_whole else 1


def _is_as_anchored(arguments: argparse.Namespace, book: "Book") -> bool:
    """Say whether the log holds every head that was anchored of it."""
    from fl_alliance.cli.sites.common import consortium
    from fl_alliance.site.anchors import difference

    account = _account(arguments, book)
    with consortium(arguments) as (_, view):
        anchors = view.anchors(account)
    found, shown = difference(book, anchors), sys.stderr if arguments.json else sys.stdout
    if found is not None:
        print(f"fl-alliance policy log: {found} on {view.address} for {account}", file=sys.stderr)
        return False
    if not anchors:
        print(f"fl-alliance policy log: nothing is anchored on {view.address} for {account}", file=sys.stderr)
        return False
    last, entries = anchors[-1], len(book.heads)
    later = f"; the last {entries - last.length} are not anchored yet" if entries > last.length else ""
    print(f"as anchored: {len(anchors)} heads, the last with {last.length} entries{later}", file=shown)
    return True


def _account(arguments: argparse.Namespace, book: "Book") -> str:
    """Return whose anchors are meant; raises `ConfigError` where that is not said and the log does not tell."""
    from fl_alliance.chain.messages import checksum
    from fl_alliance.config import ConfigError

    sites = {decision.site for decision in book.decisions}
    account = arguments.account or (next(iter(sites)) if len(sites) == 1 else "")
    try:
        return checksum(account)
    except ValueError:
        given = f"--account {account[:100]}" if account else f"a log of {len(sites)} sites"
        raise ConfigError(f"{given}: needs --account ADDRESS, 0x and 40 hex digits") from None


def _still_has(book: "Book", had: str) -> bool:
    """Say whether the log holds an earlier head."""
    from fl_alliance.config import ConfigError

    length, colon, head = had.partition(":")
    head = head.lower().removeprefix("0x")
    if not colon or not (length.isascii() and length.isdecimal()) or len(length) > _LONGEST or len(head) != 2 * 32:
        raise ConfigError(f"--had {had[:100]}: needs a length, a colon and 64 hex digits")
    if book.had(head, int(length)):
        print(f"line {length} still has head {head[:16]}...")
        return True
    print(
        f"fl-alliance policy log: line {length} does not have head {head[:16]}...; lines were lost or changed",
        file=sys.stderr,
    )
    return False
