"""`fl-alliance arena delegate`: FML behind a training node, a validator or an Alliance's member, earning with it."""

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
The node keeps a part of what your FML earn (sigma, shown by `fl-alliance arena status`) and is slashed before you are.
Delegated FML come back with `fl-alliance arena undelegate`, after a delay of the market's (a week by default).

TASK may be alliance:NUMBER, a task of FL Alliance that the emission pays, and NODE a member of it that takes delegators
(`fl-alliance arena accept`). They are paid for the days on which a round was accepted, and are not slashed there.
"""
_EXAMPLES = """\
  fl-alliance arena leaderboard 1                                                      who to trust
  fl-alliance arena delegate 1 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 250          250 FML
  fl-alliance arena delegate alliance:1 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 250 \\
      chain.manifest=runs/20260102-030405-glucose/manifest.json
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = market_parser(
        "delegate",
        "Put FML behind a training node or validator, and earn with it.",
        "4",
        _MORE,
        _EXAMPLES,
        "TASK NODE AMOUNT [NAME=VALUE ...]",
    )
    add_either_task(command)
    command.add_argument("node", metavar="NODE", help="the node's or validator's address")
    command.add_argument("amount", metavar="AMOUNT", help="FML")
    add_settings(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Delegate, once however often it is interrupted."""
    settings = settings_of(arguments, "network")
    from fl_alliance.market import alliance_delegating
    from fl_alliance.market.config import wei
    from fl_alliance.market.delegating import delegate
    from fl_alliance.market.matters import DELEGATION, begin, finish
    from fl_alliance.market.narrator import Narrator
    from fl_alliance.market.parties import address_of
    from fl_alliance.market.place import open_place
    from fl_alliance.market.work import desk_in, open_task

    node, amount_wei = address_of(arguments.node), wei(arguments.amount, "AMOUNT")
    with open_place(settings, 4) as place:
        number, narrator = alliance_task(arguments.task), Narrator()
        task = open_task(place, arguments.task) if number is None else None
        print(introduce(place, settings), flush=True)
        folder = begin(place, DELEGATION, {"task": arguments.task, "node": node, "amount_wei": str(amount_wei)})
        with desk_in(place, settings, folder, narrator) as desk:
            if task is not None:
                delegate(place, desk, task, node, amount_wei, narrator.say)
            elif number is not None:
                alliance_delegating.delegate(place, desk, number, node, amount_wei, narrator.say)
        finish(folder)
    return 0
