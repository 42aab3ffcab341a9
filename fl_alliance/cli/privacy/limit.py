"""`fl-alliance privacy limit`: a hospital says what may be spent on a data set in all."""

import argparse
import math
from pathlib import Path

from fl_alliance.cli.arguments import CommandParser, command_parser

_EPILOG = """\
The limit is entered in the ledger and holds for all tasks on this data, those that were included. Until a hospital sets
one, the first task's promise is the limit, and a second task on the same data is refused. What was spent stays spent: a
limit below that stops everything, a higher one weakens what patients were told.

examples:
  fl-alliance privacy limit privacy/0x... 3fa4 --epsilon 10 --delta 1e-5
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = command_parser("privacy limit", "Set what may be spent on a data set in all.", _EPILOG)
    command.add_argument("folder", type=Path, metavar="FOLDER", help="the hospital's ledgers")
    command.add_argument("data", metavar="DATA", help="how the data's digest begins, as status shows it")
    command.add_argument("--epsilon", type=float, required=True, help="more than 0")
    command.add_argument("--delta", type=float, required=True, help="far below 1 / units")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Enter the limit."""
    from fl_alliance.dp.entries import HOSPITAL, Limit
    from fl_alliance.dp.errors import PrivacyError
    from fl_alliance.dp.ledgers import Ledgers

    if not 0 < arguments.epsilon < math.inf or not 0 < arguments.delta < 1:
        given = f"--epsilon {arguments.epsilon} --delta {arguments.delta}"
        raise PrivacyError(f"{given}: needs a finite epsilon above 0, and a delta between 0 and 1")
    ledger = Ledgers(arguments.folder).find(arguments.data)
    with ledger.held() as writer:
        writer.append(Limit(arguments.epsilon, arguments.delta, HOSPITAL))
    print(f"{ledger.path}: at most epsilon {arguments.epsilon:g} at delta {arguments.delta:g} in all")
    return 0
