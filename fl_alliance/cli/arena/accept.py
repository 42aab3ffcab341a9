"""`fl-alliance arena accept`: a member of a task of FL Alliance lets others delegate to it."""

import argparse

from fl_alliance.cli.arena.common import (
    add_settings,
    alliance_argument,
    introduce,
    is_printed,
    market_parser,
    settings_of,
)
from fl_alliance.cli.arguments import CommandParser

_MORE = """\
  delegation.sigma_bps=2000  what you keep of what they earn, of 10,000

For a member of a task that the emission pays (`market.emission=true`). What others put behind it counts as the task's
stake, so that the emission pays the task more; they are paid their part of that and can take their FML back any time,
after the market's delay. They are not slashed with the member. It takes a transaction, and so gas. Training nodes and
validators of the Arena take delegators with delegation.accept=true instead.
"""
_EXAMPLES = """\
  FL_ALLIANCE_KEY=keystore.json fl-alliance arena accept alliance:1 chain.manifest=manifest.json
  fl-alliance arena accept alliance:1 delegation.sigma_bps=1000 key.env=HOSPITAL_KEY chain.manifest=manifest.json
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = market_parser(
        "accept",
        "Let others delegate FML to you, a member of a task of FL Alliance.",
        "0",
        _MORE,
        _EXAMPLES,
        "alliance:NUMBER [NAME=VALUE ...]",
    )
    command.add_argument("task", type=alliance_argument, metavar="TASK", help="alliance:NUMBER")
    add_settings(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Open the member's pool, once."""
    settings = settings_of(arguments, "delegation")
    if is_printed(arguments, settings):
        return 0
    from fl_alliance.market.alliance_delegating import accept
    from fl_alliance.market.place import open_place

    with open_place(settings, 0) as place:
        print(introduce(place, settings), flush=True)
        accept(place, arguments.task, settings.delegation.sigma_bps, lambda line: print(line, flush=True))
    return 0
