"""`fl-alliance market close`: a listing that takes no more calls, and then its stake."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import add_model, stall_parser

_MORE = """
The stake stays for a while after closing, in which the DAO may still expel a host; the same command takes it then.
"""
_EXAMPLES = """\
  fl-alliance market close 1                           closes it; a week later the same takes the stake back
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser("close", "Close a listing of yours.", "MODEL [NAME=VALUE ...]", _EXAMPLES, _MORE)
    add_model(command)
    add_signing(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Close it, or take the stake of one that is closed."""
    from fl_alliance.arena.events import fml
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.cli.market.common import HOST, agreed, require_payable
    from fl_alliance.marketplace.stall import open_stall

    model = arguments.model
    with open_stall(settings_of(arguments), HOST) as stall:
        listing = stall.listing(model)
        require_payable(stall, 0, "this")
        if listing.is_closed:
            agreed([f"{stall.me} takes back the stake of model {model}, {fml(listing.stake_wei)}"], arguments)
            stall.models.withdraw_stake(model)
            print(f"{fml(listing.stake_wei)} came back")
        else:
            agreed([f"{stall.me} closes model {model}; it takes no more calls"], arguments)
            stall.models.close(model)
            print(f"closed; take the stake back later with: fl-alliance market close {model}")
    return 0
