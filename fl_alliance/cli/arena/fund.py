"""`fl-alliance arena fund`: FML and gas for an account of the development chain."""

import argparse
from typing import TYPE_CHECKING

from fl_alliance.cli.arena.common import add_settings, market_parser, settings_of
from fl_alliance.cli.arguments import CommandParser

if TYPE_CHECKING:
    from fl_alliance.market.settings import MarketSettings

_DEFAULT = "1000"
"""FML that are given where no amount is named."""
_MORE = """
The account that deployed the market gives; on a development chain that is account 0. A development chain without a
market gives gas alone.
"""
_EXAMPLES = """\
  fl-alliance arena fund 0x1234567890123456789012345678901234567890            1,000 FML, and gas
  fl-alliance arena fund 0x1234567890123456789012345678901234567890 25000      as much as you like
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = market_parser(
        "fund",
        "Give an account FML, and on a development chain 10 ETH for gas where it has less.",
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
    amount = arguments.words.pop(0) if arguments.words and "=" not in arguments.words[0] else None
    settings = settings_of(arguments)
    from fl_alliance.arena.events import fml
    from fl_alliance.market.config import wei
    from fl_alliance.market.deploying import fund
    from fl_alliance.market.errors import MarketUnknown
    from fl_alliance.market.parties import address_of
    from fl_alliance.market.place import open_place

    account, amount_wei = address_of(arguments.account), wei(amount or _DEFAULT, "AMOUNT")
    try:
        with open_place(settings, 0) as place:
            fund(place, account, amount_wei)
            print(f"{account} has {fml(place.arena.token.balance_wei(account))}")
    except MarketUnknown:
        if amount is not None or not _is_given_gas(settings, account):
            raise
        print(f"{account} has gas; there is no market here that could give FML: fl-alliance arena deploy")
    return 0


def _is_given_gas(settings: "MarketSettings", account: str) -> bool:
    """Give an account gas where the chain is a development chain, and return whether it is one."""
    from fl_alliance.chain.accounts import DEVELOPMENT_CHAIN
    from fl_alliance.chain.rpc import Rpc
    from fl_alliance.chain.sender import Sender
    from fl_alliance.market.deploying import give_gas
    from fl_alliance.market.keys import find_key
    from fl_alliance.market.place import open_chain

    with open_chain(settings) as w3:
        if Rpc(w3).number("eth_chainId") != DEVELOPMENT_CHAIN:
            return False
        give_gas(Sender(w3, find_key(settings.key, DEVELOPMENT_CHAIN, 0)), account)
    return True
