"""`fl-alliance ledger`: what a run's chain says about its money."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.cli.arguments import command_parser
from fl_alliance.folders import FolderError, open_folder

if TYPE_CHECKING:
    from fl_alliance.records import RunFolder

_EPILOG = """\
Everything is read from the chain, not from the run's own records: the ledger replays every step by the rules.
The totals show who holds the whole supply of FML and what the contract's share consists of; both must come out
even to the last wei (exit code 1 where they do not).

examples:
  fl-alliance ledger                                   balances, rounds and totals of the newest run
  fl-alliance ledger runs/20260102-030405-glucose --round 7      every payout and slash of round 7, and why
  fl-alliance ledger --why 3 7                         why member 3 got what it got in round 7, with the formula
  fl-alliance ledger --dry-run call.hex                what a call of the contract would do if it were sent now: who
                                                       would be paid or slashed, or why it would be refused
  fl-alliance ledger --dry-run - --block 25 --as 0x... the same of a call on standard input, after block 25, from 0x...

--dry-run takes calldata in hexadecimal: itself, a file of it, or - for standard input. Its exit code is 1 where anybody
would lose or could be slashed by what the call shows. What a node only signs, its own journal checks: it never signs
two different statements on one matter.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("ledger", "Show balances, rounds and why each payout happened.", _EPILOG)
    command.add_argument("run", nargs="?", metavar="RUN", help="a run folder (default: the newest under runs/)")
    command.add_argument("--round", type=int, metavar="N", help="every line of round N with its reason")
    command.add_argument("--dry-run", metavar="CALL", help="what this call would do, and whether it is slashable")
    command.add_argument("--as", dest="sender", metavar="ADDRESS", help="with --dry-run: who sends it (the relayer)")
    command.add_argument("--block", type=int, metavar="N", help="with --dry-run: after this block (the latest)")
    command.add_argument("--why", nargs=2, metavar=("NODE", "ROUND"), help="one member (index or address) in one round")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print what was asked for."""
    folder = open_folder(arguments.run)
    if arguments.dry_run is not None:
        return _dry_run(folder, arguments)
    if arguments.sender is not None or arguments.block is not None:
        raise FolderError("--as and --block: need --dry-run")
    from rich.console import Console

    from fl_alliance.bookkeeping import read_books
    from fl_alliance.ledger_view import print_books, print_round, print_why

    # In a pipe rich takes 80 columns for granted and cuts tables; there is no edge to fit them to.
    out = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    books = read_books(folder)
    if arguments.why is not None:
        name, number = arguments.why
        member = books.member(name)
        if member is None:
            raise FolderError(f"--why {name}: no such member; needed an index below {len(books.members)} or an address")
        entry = books.round(int(number)) if _is_number(number) else None
        if entry is None:
            raise FolderError(f"--why {name} {number}: no such round; {_settled(len(books.rounds))}")
        print_why(books, entry, member, out)
        return 0
    if arguments.round is not None:
        entry = books.round(arguments.round)
        if entry is None:
            raise FolderError(f"--round {arguments.round}: no such round; {_settled(len(books.rounds))}")
        print_round(books, entry, out)
        return 0
    return 0 if print_books(books, out) else 1


def _dry_run(folder: "RunFolder", arguments: argparse.Namespace) -> int:
    from fl_alliance.dry_run import foresee, is_slashable, told

    prospects = foresee(folder, _calldata(arguments.dry_run), arguments.sender, arguments.block)
    for line in told(prospects):
        print(line)
    return 1 if is_slashable(prospects) else 0


def _calldata(given: str) -> bytes:
    """Return the bytes of hexadecimal text: given itself, in a file, or on standard input."""
    text = sys.stdin.read() if given == "-" else Path(given).read_text() if os.path.isfile(given) else given
    try:
        return bytes.fromhex("".join(text.split()).removeprefix("0x"))
    except ValueError:
        raise FolderError("--dry-run: needs calldata in hexadecimal, a file of it, or - for standard input") from None


def _is_number(text: str) -> bool:
    """Return whether this is a number that a round can have; Python refuses to read thousands of digits."""
    return text.isdecimal() and len(text) <= 5


def _settled(count: int) -> str:
    return f"rounds 1 to {count} have ended" if count else "no round has ended"
