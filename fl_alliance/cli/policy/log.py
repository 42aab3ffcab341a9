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
and the next line tells of it. Length and head are what is anchored on chain: --had says whether the log still holds a
head that was anchored earlier.
Exit code 1: the log is damaged, or does not hold that head.

examples:
  fl-alliance policy log policy.yaml
  fl-alliance policy log policy.yaml --last 20
  fl-alliance policy log policy.decisions.jsonl --had 120:9f3c...
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = command_parser("policy log", "Show and verify what was decided under a policy.", _EPILOG)
    command.add_argument("file", type=Path, metavar="FILE", help="the policy, or its log (.jsonl)")
    command.add_argument("--last", type=int, metavar="N", help="only the last N lines")
    command.add_argument("--had", metavar="LENGTH:HEAD", help="an earlier length and head that must still hold")
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

    if arguments.last is not None and arguments.last < 0:
        raise ConfigError(f"--last {arguments.last}: needs 0 or more")
    path = arguments.file if arguments.file.suffix == ".jsonl" else Policy.load(arguments.file).log
    if not path.exists():
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
    return 0 if arguments.had is None or _still_has(book, arguments.had) else 1


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
