"""`fl-alliance privacy adopt`: a hospital says what a data set is that its node has not seen before."""

import argparse
from pathlib import Path

from fl_alliance.cli.arguments import CommandParser, command_parser

_EPILOG = """\
A data set is named by a digest of its measurements, so one reading more is another name. A node that meets a name
without a ledger, in a folder where others have one, does nothing until its hospital has said what that is: the same
patients' data, whose spending goes on, or that of other patients, who have spent nothing. The site's log names the
digest.

examples:
  fl-alliance privacy adopt privacy/0x... DIGEST --continues 3fa4
  fl-alliance privacy adopt privacy/0x... DIGEST --apart
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = command_parser("privacy adopt", "Say what a data set is that has no ledger yet.", _EPILOG)
    command.add_argument("folder", type=Path, metavar="FOLDER", help="the hospital's ledgers")
    command.add_argument("data", metavar="DIGEST", help="the new data's digest, 64 hex digits")
    choice = command.add_mutually_exclusive_group(required=True)
    choice.add_argument("--continues", metavar="DATA", help="how the digest of the same patients' earlier data begins")
    choice.add_argument("--apart", action="store_true", help="no patient in it is in any of the others")
    command.add_argument(
        "--unit", choices=("record", "patient"), default="patient", help="with --apart: what is counted"
    )
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Open the ledger."""
    import re

    from fl_alliance.dp.errors import PrivacyError
    from fl_alliance.dp.ledgers import Ledgers
    from fl_alliance.dp.units import Unit

    if re.fullmatch(r"[0-9a-f]{64}", arguments.data) is None:
        raise PrivacyError(f"{arguments.data}: needs a digest, 64 hex digits in lower case")
    ledgers = Ledgers(arguments.folder)
    ledger = ledgers.of(arguments.data)
    if ledger.exists:
        raise PrivacyError(f"{ledger.path}: has a ledger already, which goes on")
    if arguments.apart:
        ledger.create(arguments.data, Unit(arguments.unit))
    else:
        book = ledgers.find(arguments.continues).read()
        ledger.create(arguments.data, Unit(book.opened.unit), inherits=book)
    print(f"{ledger.path}: opened, {len(ledger.read().spendings)} releases inherited")
    return 0
