"""`fl-alliance arena leaderboard`: who is best in a task, and who earned what."""

import argparse
import json

from fl_alliance.cli.arena.common import add_settings, add_task, market_parser, settings_of
from fl_alliance.cli.arguments import CommandParser

_MORE = """
Scores are the validators' consensus on the newest day that was settled, or on --day; lower is better. What was earned
is over the whole task: claimed and to be claimed, with what went to delegators, without fees that came back.
"""
_EXAMPLES = """\
  fl-alliance arena leaderboard 1                      the newest day; when the task is over, the last, on dataset B
  fl-alliance arena leaderboard 1 --day 0              another day
  fl-alliance arena leaderboard 1 --json               the same for programs; amounts in wei as text
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = market_parser(
        "leaderboard",
        "Show who is best in a task, and who earned what.",
        "0",
        _MORE,
        _EXAMPLES,
        "TASK [NAME=VALUE ...] [options]",
    )
    add_task(command)
    add_settings(command)
    command.add_argument("--day", type=int, metavar="D", help="another day than the newest")
    command.add_argument("--json", action="store_true", help="print it as JSON")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print the standings."""
    settings = settings_of(arguments)
    from fl_alliance.market.errors import SettingRefused
    from fl_alliance.market.overview import plain
    from fl_alliance.market.place import open_place
    from fl_alliance.market.standings import standings, standings_words
    from fl_alliance.market.work import open_task

    with open_place(settings, 0) as place:
        task = open_task(place, arguments.task)
        if arguments.day is not None and not 0 <= arguments.day <= task.params.day_count:
            raise SettingRefused(f"--day {arguments.day}: needs 0 to {task.params.day_count}")
        found = standings(place, task, arguments.day)
        for line in [json.dumps(plain(found), indent=2)] if arguments.json else standings_words(found, task):
            print(line)
    return 0
