"""`fl-alliance arena claim`: what an account earned, and its stake once the task is over."""

import argparse

from fl_alliance.cli.arena.common import add_settings, add_task, introduce, market_parser, settings_of
from fl_alliance.cli.arguments import CommandParser

_MORE = """
ACCOUNTs may be others': anybody may claim for anybody, paid are the account and its delegators. `all` is everybody in
the task. Without any it is your own; on a development chain without a key, all of its accounts that are in the task.
"""
_EXAMPLES = """\
  fl-alliance arena claim 1                            what is yours
  fl-alliance arena claim 1 all                        for everybody; you pay the gas
  fl-alliance arena claim 1 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = market_parser(
        "claim",
        "Take what was earned on finished days, and the stake when the task is over.",
        "9",
        _MORE,
        _EXAMPLES,
        "TASK [ACCOUNT ...] [NAME=VALUE ...]",
    )
    add_task(command)
    add_settings(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Claim and unlock; exit code 0 also where nothing is due."""
    named = [word for word in arguments.words if "=" not in word]
    arguments.words = [word for word in arguments.words if "=" in word]
    settings = settings_of(arguments, "network")
    from fl_alliance.arena.events import fml
    from fl_alliance.market.claiming import claim
    from fl_alliance.market.parties import accounts_of, address_of, everybody
    from fl_alliance.market.place import open_place
    from fl_alliance.market.work import open_task

    chosen = [address_of(name) for name in named if name != "all"]
    with open_place(settings, 9) as place:
        task = open_task(place, arguments.task)
        print(introduce(place, settings), flush=True)
        own = chosen or accounts_of(place, settings.key)
        accounts = everybody(place, task.number) if "all" in named else own
        total_wei = claim(place, task.number, accounts, lambda line: print(line, flush=True))
        print(f"{fml(total_wei)} paid out" if total_wei else "nothing to claim now")
    return 0
