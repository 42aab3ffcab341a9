"""`fl-alliance market withdraw`: what is left of an account for vouchers."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import CALLER, stall_parser

_MORE = """
It is asked for and comes three days later, in which hosts turn in vouchers; the same command takes it then. From the
moment it is asked for no gateway takes vouchers of the account.
"""
_EXAMPLES = """\
  fl-alliance market withdraw                          asks for it, or takes it
  fl-alliance market withdraw --stay                   takes the request back
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser(
        "withdraw", "Take your account's balance back.", "[NAME=VALUE ...] [options]", _EXAMPLES, _MORE, CALLER
    )
    add_signing(command)
    command.add_argument("--stay", action="store_true", help="stay after all")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Ask, take, or stay."""
    from fl_alliance.arena.events import fml
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import agreed, require_payable
    from fl_alliance.market.units import duration
    from fl_alliance.marketplace.stall import open_stall

    with open_stall(settings_of(arguments), CALLER) as stall:
        require_payable(stall, 0, "this")
        account, now = stall.revenue.account(stall.me), stall.place.now()
        if arguments.stay:
            agreed([f"{stall.me} stays with its {fml(account.balance_wei)}"], arguments)
            stall.revenue.ask_to_leave(leaves=False)
            print("stays")
        elif not account.leaves_at:
            agreed(
                [f"{stall.me} asks for its {fml(account.balance_wei)}; until then its vouchers open nothing"], arguments
            )
            stall.revenue.ask_to_leave()
            left_s = stall.revenue.account(stall.me).leaves_at - now
            print(f"can be taken in {duration(left_s)} with the same command")
        elif now < account.leaves_at:
            print(f"can be taken in {duration(account.leaves_at - now)}")
        else:
            agreed([f"{stall.me} takes its {fml(account.balance_wei)}"], arguments)
            print(f"{fml(stall.revenue.withdraw())} came back")
    return 0
