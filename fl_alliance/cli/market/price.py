"""`fl-alliance market price`: what your model costs from now on."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import add_model, stall_parser

_EXAMPLES = """\
  fl-alliance market price 1 0.2                       0.2 FML a call, or a thousand tokens
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser("price", "Set the price of your model.", "MODEL FML [NAME=VALUE ...]", _EXAMPLES)
    add_model(command)
    command.add_argument("price", metavar="FML", help="of a call, or of a thousand tokens of an answer")
    add_signing(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Set it."""
    from fl_alliance.arena.events import fml
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import HOST, agreed, require_payable
    from fl_alliance.market.config import wei
    from fl_alliance.marketplace.errors import ListingUnknown
    from fl_alliance.marketplace.stall import open_stall

    price_wei = wei(arguments.price, "FML")
    with open_stall(settings_of(arguments), HOST) as stall:
        listing = stall.listing(arguments.model)
        if listing.host != stall.me:
            raise ListingUnknown(f"{arguments.model} of {stall.me}: it is of {listing.host}", stall.models.count)
        require_payable(stall, 0, "this")
        was = fml(listing.price_wei)
        agreed([f"{stall.me} sets the price of model {arguments.model} to {fml(price_wei)}, from {was}"], arguments)
        stall.models.set_price(arguments.model, price_wei)
        print(f"model {arguments.model} costs {fml(price_wei)}")
    return 0
