"""`fl-alliance dao pause`: the guardian's brake."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import dao_parser

_GAS = 100_000
_MORE = """
For two weeks at most, and not again within four; a proposal ends it (`propose --resume`) or names another guardian.
Money can be taken out all the while, and proposals go on.
"""
_EXAMPLES = """\
  FL_ALLIANCE_KEY=guardian.json fl-alliance dao pause
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = dao_parser(
        "pause", "As the guardian, stop what mints or brings money in.", "[NAME=VALUE ...]", _EXAMPLES, _MORE
    )
    add_signing(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Pause."""
    from fl_alliance.chain.bound import BoundContract
    from fl_alliance.chain.deploy import BRAKE
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.hall import confirm, open_hall
    from fl_alliance.market.units import duration

    with open_hall(settings_of(arguments)) as hall:
        place = hall.place
        brake = BoundContract(place.sender, BRAKE, place.market.address(BRAKE))
        brake.require("pause")
        confirm([f"{place.me} pauses the market at {place.market.arena}"], arguments.yes)
        brake.send(_GAS, "pause")
        print(f"paused for {duration(int(brake.read('pausedUntil')) - place.now())}")
    return 0
