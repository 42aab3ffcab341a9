"""`fl-alliance arena undelegate`: delegated FML back, with what they earned and lost."""

import argparse

from fl_alliance.cli.arena.common import (
    add_either_task,
    add_settings,
    alliance_task,
    introduce,
    market_parser,
    settings_of,
)
from fl_alliance.cli.arguments import CommandParser

_MORE = """
The first call asks for everything that you have behind the node; after the market's delay (a week by default) and
within two days the second one takes it. Until then it earns, and can be slashed. --wait does both.
TASK may be alliance:NUMBER, a task of FL Alliance.
"""
_EXAMPLES = """\
  fl-alliance arena undelegate 1 0x70997970C51812dc3A010C7d01b50e0d17dc79C8            asks, and a week later takes
  fl-alliance arena undelegate 1 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --wait     asks, waits, takes
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = market_parser(
        "undelegate",
        "Take delegated FML back: ask first, take after the market's delay.",
        "4",
        _MORE,
        _EXAMPLES,
        "TASK NODE [NAME=VALUE ...] [options]",
    )
    add_either_task(command)
    command.add_argument("node", metavar="NODE", help="the node's or validator's address")
    add_settings(command)
    command.add_argument("--wait", action="store_true", help="wait until it can be taken, and take it")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Ask for it or take it, whichever is next."""
    settings = settings_of(arguments, "network")
    from fl_alliance.market import alliance_delegating
    from fl_alliance.market.delegating import pool_of, undelegate
    from fl_alliance.market.parties import address_of
    from fl_alliance.market.place import open_place
    from fl_alliance.market.work import open_task

    node = address_of(arguments.node)
    with open_place(settings, 4) as place:
        if (number := alliance_task(arguments.task)) is None:
            pool = pool_of(place, open_task(place, arguments.task).number, node)
        else:
            pool = alliance_delegating.pool_of(place, number, node)
        print(introduce(place, settings), flush=True)
        undelegate(place, pool, node, settings.network.look_s, arguments.wait, lambda line: print(line, flush=True))
    return 0
