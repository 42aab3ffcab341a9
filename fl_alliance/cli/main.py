"""`fl-alliance`: picks the command, and turns what a user can put right into one line and an exit code.

Exit codes: 0 done; 1 an audit found something that does not hold; 2 the request cannot be carried out as given;
130 stopped by Ctrl-C. An error that no user can put right keeps its traceback.
"""

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from fl_alliance.cli.arguments import group_parser
from fl_alliance.cli.expected import expected_errors, in_one_line

COMMANDS = {
    "run": "train a model: a chain draws, judges and pays every round",
    "console": "pages in a browser: tasks, the Arena, the DAO, models, and why who was paid",
    "coordinate": "run a task for hospitals that join from elsewhere",
    "join": "take part in a task as a hospital, until it is paid out",
    "policy": "what this site lets its node do, and what it did",
    "doctor": "check a site before it joins, and say what to put right",
    "certificates": "make an authority, the SuperLink's certificate and SuperNodes' keys",
    "keystore": "make a key in a keystore, for a hospital or a coordinator",
    "sites": "a consortium of hospitals: whose SuperNodes are whose, and what may run",
    "ledger": "show balances, rounds and why each payout happened",
    "audit": "verify a run or a market from its chain, trusting nobody",
    "evidence": "audit a run and put all its evidence into one archive",
    "bond": "the bond behind a run's transcripts: status, accuse, release",
    "report": "write report.html of a run again",
    "privacy": "what is spent and left of the privacy budgets of this machine's data",
    "chain": "serve a chain that several processes on this machine share",
    "attack": "attack rules and baselines with malicious nodes, and see who gains",
    "dao": "those who have locked FML decide: propose, review, vote, execute",
    "arena": "a training market: train, validate, delegate and be paid every day",
    "market": "a store of models: list, serve, call, pay, and add what they know",
    "agent": "plain words to one token action, decided by guards; a chat, a command, an MCP server",
}

_EPILOG = """\
start here:
  fl-alliance run                                  ten hospitals learn to predict blood glucose, 20 rounds
  fl-alliance run rounds=3 workload=digits         something smaller first
  fl-alliance ledger                               who was paid what in that run, and why
  fl-alliance audit                                whether all of that is true, from the chain file alone
  fl-alliance COMMAND --help                       what a command does, with examples

Every run leaves a folder under runs/ with the model, the chain file and report.html; open that in a browser.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the part before the command; a command parses what follows its name."""
    top = group_parser("", "Federated learning on Flower, judged and paid by a blockchain.", COMMANDS, _EPILOG)
    top.add_argument("--version", action="store_true", help="print the version")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    top = parser()
    given = top.parse_args(words)
    if given.version:
        return _print_version()
    if given.command is None:
        top.print_help()
        return 0
    return _run(given.command, given.rest)


def _run(name: str, words: Sequence[str]) -> int:
    """Run a command, or the command of a group that the first word names."""
    command = import_module(f"fl_alliance.cli.{name.replace(' ', '.')}")
    # A command's own parser, because argparse's subparsers cannot mix options and override words.
    parsed = command.parser()
    if hasattr(command, "COMMANDS"):
        default = getattr(command, "DEFAULT", None)
        if default and (not words or words[0] not in (*command.COMMANDS, "-h", "--help")):
            return _run(f"{name} {default}", words)
        given = parsed.parse_args(words)
        if given.command is None:
            parsed.print_help()
            return 0
        return _run(f"{name} {given.command}", given.rest)
    return _execute(name, command.execute, parsed.parse_intermixed_args(words))


def _execute(name: str, execute: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    try:
        return int(execute(arguments))
    except KeyboardInterrupt:  # first, because what follows imports, and an import may be what was interrupted
        print(f"fl-alliance {name}: stopped", file=sys.stderr)
        return 130
    except expected_errors() as error:
        print(f"fl-alliance {name}: {in_one_line(error)}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; without this Python complains once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"fl-alliance {name}: {where}{error.strerror}", file=sys.stderr)
        return 2


def _print_version() -> int:
    from importlib.metadata import version

    print(version("fl-alliance"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
