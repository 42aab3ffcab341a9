"""`fl-alliance arena fund`: FML and gas for an account of the development chain."""

import argparse

from fl_alliance.cli.arena.common import add_settings, market_parser, settings_of
from fl_alliance.cli.arguments import CommandParser

_MORE = """
The account that deployed the market gives; on a development chain that is account 0.
"""
_EXAMPLES = """\
  fl-alliance arena fund 0x1234567890123456789012345678901234567890            1,000 FML, and gas
  fl-alliance arena fund 0x1234567890123456789012345678901234567890 25000      as much as you like
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = market_parser(
        "fund",
        "Give an account FML, and on a development chain 10 ETH for gas where it has none.",
        "0",
        _MORE,
        _EXAMPLES,
        "ACCOUNT [AMOUNT] [NAME=VALUE ...]",
    )
    command.add_argument("account", metavar="ACCOUNT", help="who gets it, as an address")
    add_settings(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Send it."""
    amount = "1000"
    if arguments.words and "=" not in arguments.words[0]:
        amount = arguments.words.pop(0)
    settings = settings_of(arguments)
    from fl_alliance.arena.events import fml
    from fl_alliance.market.config import wei
    from fl_alliance.market.deploying import fund
    from fl_alliance.market.parties import address_of
    from fl_alliance.market.place import open_place

    account, amount_wei = address_of(arguments.account), wei(amount, "AMOUNT")
    with open_place(settings, 0) as place:
        fund(place, account, amount_wei)
        print(f"{account} has {fml(place.arena.token.balance_wei(account))}")
    return 0
