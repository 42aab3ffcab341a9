"""`fl-alliance market collect`: what a gateway has earned, turned in while none runs."""

import argparse
from contextlib import closing

from fl_alliance.cli.arena.common import add_settings
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import stall_parser

_EXAMPLES = """\
  fl-alliance market collect                           vouchers, tills and documents, in as few transactions as it takes
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser("collect", "Turn in what was earned.", "[NAME=VALUE ...]", _EXAMPLES)
    add_settings(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Collect."""
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import HOST, require_payable
    from fl_alliance.marketplace.books import Books
    from fl_alliance.marketplace.collecting import collect
    from fl_alliance.marketplace.serving import BOOKS
    from fl_alliance.marketplace.stall import open_stall

    with open_stall(settings_of(arguments), HOST) as stall:
        require_payable(stall, 0, "this")
        mine = [one for one in range(1, stall.models.count + 1) if stall.models.listing(one).host == stall.me]
        with closing(Books(stall.folder("gateway") / BOOKS)) as books:
            print(collect(stall, books, mine, print).words)
    return 0
