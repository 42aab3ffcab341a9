"""`fl-alliance market judge`: whether a contributed document belongs into a model's knowledge base."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import number, stall_parser

_MORE = """
It counts what you had locked (`fl-alliance dao lock`) when the document came. The document's beginning is shown first;
it is a stranger's text.
"""
_EXAMPLES = """\
  fl-alliance market judge 3 relevant
  fl-alliance market judge 3 malicious
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser(
        "judge", "Judge a contributed document.", "DOCUMENT VERDICT [NAME=VALUE ...]", _EXAMPLES, _MORE, 1
    )
    command.add_argument(
        "document", type=number, metavar="DOCUMENT", help="its number, see `fl-alliance market documents`"
    )
    command.add_argument(
        "verdict",
        choices=("relevant", "irrelevant", "malicious"),
        metavar="VERDICT",
        help="relevant, irrelevant or malicious",
    )
    add_signing(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Show it, and judge."""
    from fl_alliance.chain.documents import Verdict
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import agreed, require_payable
    from fl_alliance.marketplace.contributions import shown
    from fl_alliance.marketplace.stall import open_stall

    with open_stall(settings_of(arguments), 1) as stall:
        found = stall.documents.document(arguments.document)
        require_payable(stall, 0, "this")
        text = f"| {shown(stall.place.store, found)}".replace("\n", "\n| ")
        agreed([text, f"{stall.me} finds document {arguments.document} {arguments.verdict}"], arguments)
        stall.documents.judge(arguments.document, Verdict[arguments.verdict.upper()])
        print(f"judged document {arguments.document}")
    return 0
