"""`fl-alliance arena status`: where tasks stand, what is one's own, and what to do next."""

import argparse
import json

from fl_alliance.cli.arena.common import add_settings, market_parser, settings_of, task_number
from fl_alliance.cli.arguments import CommandParser

_MORE = """
Shows your own account; on a development chain without a key, all of its accounts. --json: amounts in wei as text.
"""
_EXAMPLES = """\
  fl-alliance arena status                             all tasks
  fl-alliance arena status 1                           one, with your stake, what it earned and the next step
  fl-alliance arena status 1 --json                    the same for programs
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = market_parser(
        "status",
        "Show where tasks stand, what is yours in them, and what to do next.",
        "all of them",
        _MORE,
        _EXAMPLES,
        "[TASK] [NAME=VALUE ...] [options]",
    )
    add_settings(command)
    command.add_argument("--json", action="store_true", help="print it as JSON")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print tasks, parts in them and delegations."""
    number = None
    if arguments.words and "=" not in arguments.words[0]:
        number = task_number(arguments.words.pop(0))
    settings = settings_of(arguments)
    from fl_alliance.market.overview import overview, overview_words, plain
    from fl_alliance.market.place import open_place

    with open_place(settings, 0) as place:
        found = overview(place, settings, number)
        print("\n".join([json.dumps(plain(found), indent=2)] if arguments.json else overview_words(found)))
    return 0
