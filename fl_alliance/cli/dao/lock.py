"""`fl-alliance dao lock`: FML that vote, as long as they are locked."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import dao_parser

_EXAMPLES = """\
  fl-alliance dao lock 5000                            5,000 votes
  fl-alliance dao lock 5000 --for 0x70997970C51812dc3A010C7d01b50e0d17dc79C8           that somebody else casts
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = dao_parser(
        "lock", "Lock FML to vote: one is one vote, from the next second on.", "AMOUNT [NAME=VALUE ...]", _EXAMPLES
    )
    command.add_argument("amount", metavar="AMOUNT", help="FML")
    add_signing(command)
    command.add_argument("--for", dest="voter", metavar="ACCOUNT", help="who votes with all that you have locked")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Lock, and name who votes."""
    from fl_alliance.arena.events import fml
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.errors import ActionRefused
    from fl_alliance.governance.hall import confirm, open_hall
    from fl_alliance.market.config import wei
    from fl_alliance.market.money import require_fml, require_gas
    from fl_alliance.market.parties import address_of

    amount_wei = wei(arguments.amount, "AMOUNT")
    voter = address_of(arguments.voter) if arguments.voter else None
    if not amount_wei:
        raise ActionRefused("AMOUNT: needs more than 0 FML")
    with open_hall(settings_of(arguments)) as hall:
        place, votes = hall.place, hall.dao.votes
        require_gas(place.rpc, place.me, place.market.chain_id)
        require_fml(place.me, place.arena.token.balance_wei(), amount_wei, "the lock", place.market.chain_id)
        confirm([f"{place.me} locks {fml(amount_wei)} to vote"], arguments.yes)
        votes.lock(amount_wei)
        if voter is not None:
            votes.delegate(voter)
        print(f"locked {fml(votes.locked_wei)} in all" + (f"; {voter} votes with them" if voter else ""))
    return 0
