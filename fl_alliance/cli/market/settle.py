"""`fl-alliance market settle`: the end of a document's vote."""

import argparse

from fl_alliance.cli.arena.common import add_settings
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import number, stall_parser

_EXAMPLES = """\
  fl-alliance market settle 3                          three days after it came; anybody may
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser("settle", "End a document's vote.", "DOCUMENT [NAME=VALUE ...]", _EXAMPLES)
    command.add_argument("document", type=number, metavar="DOCUMENT", help="its number")
    add_settings(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Settle it."""
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import HOST, require_payable
    from fl_alliance.marketplace.stall import open_stall

    with open_stall(settings_of(arguments), HOST) as stall:
        require_payable(stall, 0, "this")
        stall.documents.settle(arguments.document)
        found = stall.documents.document(arguments.document)
        print(f"document {arguments.document} is {'accepted' if found.is_accepted else 'not accepted'}")
    return 0
