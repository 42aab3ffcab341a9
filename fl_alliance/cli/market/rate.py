"""`fl-alliance market rate`: what you think of a model that you have paid for."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import CALLER, add_model, stall_parser

_MORE = """
Who has paid rates, once or anew: by x402 from the moment on that the host has settled the payment, by voucher once the
host has turned it in. FML that were sent to a model's till without its host give no right to rate.
"""
_EXAMPLES = """\
  fl-alliance market rate 1 5                          one to five stars
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser("rate", "Rate a model.", "MODEL STARS [NAME=VALUE ...]", _EXAMPLES, _MORE, CALLER)
    add_model(command)
    command.add_argument("stars", type=int, choices=range(1, 6), metavar="STARS", help="1 to 5")
    add_signing(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Rate it."""
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import agreed, require_payable
    from fl_alliance.marketplace.stall import open_stall

    with open_stall(settings_of(arguments), CALLER) as stall:
        stall.listing(arguments.model)
        require_payable(stall, 0, "this")
        agreed([f"{stall.me} gives model {arguments.model} {arguments.stars} stars"], arguments)
        stall.models.rate(arguments.model, arguments.stars)
        found = stall.models.rating(arguments.model)
        print(f"model {arguments.model} has {found.stars:.1f} stars of {found.raters}, weighed by what they have spent")
    return 0
