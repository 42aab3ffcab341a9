"""`fl-alliance ledger`: what a run's chain says about its money."""

import argparse
import sys

from fl_alliance.cli.arguments import command_parser
from fl_alliance.folders import FolderError, open_folder

_EPILOG = """\
Everything is read from the chain, not from the run's own records: the ledger replays every step by the rules.
The totals show who holds the whole supply of FML and what the contract's share consists of; both must come out
even to the last wei (exit code 1 where they do not).

examples:
  fl-alliance ledger                                   balances, rounds and totals of the newest run
  fl-alliance ledger runs/20260102-030405-glucose --round 7      every payout and slash of round 7, and why
  fl-alliance ledger --why 3 7                         why member 3 got what it got in round 7, with the formula
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("ledger", "Show balances, rounds and why each payout happened.", _EPILOG)
    command.add_argument("run", nargs="?", metavar="RUN", help="a run folder (default: the newest under runs/)")
    command.add_argument("--round", type=int, metavar="N", help="every line of round N with its reason")
    command.add_argument("--why", nargs=2, metavar=("NODE", "ROUND"), help="one member (index or address) in one round")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print what was asked for."""
    folder = open_folder(arguments.run)
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


def _is_number(text: str) -> bool:
    """Return whether this is a number that a round can have; Python refuses to read thousands of digits."""
    return text.isdecimal() and len(text) <= 5


def _settled(count: int) -> str:
    return f"rounds 1 to {count} have ended" if count else "no round has ended"
