"""`fl-alliance market deposit`: FML for vouchers."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import CALLER, stall_parser

_EXAMPLES = """\
  fl-alliance market deposit 10                        10 FML, for any model of any host
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser(
        "deposit", "Put FML into your account for vouchers.", "AMOUNT [NAME=VALUE ...]", _EXAMPLES, account=CALLER
    )
    command.add_argument("amount", metavar="AMOUNT", help="FML")
    add_signing(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Put them in."""
    from fl_alliance.arena.events import fml
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import agreed, require_payable
    from fl_alliance.market.config import wei
    from fl_alliance.marketplace.stall import open_stall

    amount_wei = wei(arguments.amount, "AMOUNT")
    with open_stall(settings_of(arguments), CALLER) as stall:
        require_payable(stall, amount_wei, "the deposit")
        agreed([f"{stall.me} puts {fml(amount_wei)} into its account for vouchers"], arguments)
        stall.revenue.deposit(amount_wei)
        print(f"your account holds {fml(stall.revenue.account(stall.me).balance_wei)}")
    return 0
