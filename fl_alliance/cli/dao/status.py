"""`fl-alliance dao status`: where proposals stand, what they do, and what to do next."""

import argparse
import json

from fl_alliance.cli.arena.common import add_settings
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import dao_parser

_EXAMPLES = """\
  fl-alliance dao status                               every proposal, the newest first
  fl-alliance dao status 3 --json                      one, for programs; amounts in wei as text
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = dao_parser(
        "status", "Show where proposals stand and what they do.", "[N] [NAME=VALUE ...] [options]", _EXAMPLES
    )
    add_settings(command)
    command.add_argument("--json", action="store_true", help="print it as JSON")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print one proposal or all."""
    number = arguments.words.pop(0) if arguments.words and "=" not in arguments.words[0] else None
    from fl_alliance.arena.events import fml
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.errors import ActionRefused
    from fl_alliance.governance.hall import open_hall
    from fl_alliance.governance.standing import facts_words
    from fl_alliance.market.overview import plain
    from fl_alliance.market.units import duration

    if number is not None and not (number.isascii() and number.isdigit()):
        raise ActionRefused(f"N: given {number!r}, needed a proposal's number, such as 1")
    with open_hall(settings_of(arguments)) as hall:
        numbers = [int(number)] if number else range(len(hall.dao.proposals()), 0, -1)
        found = [hall.facts(each) for each in numbers]
        if arguments.json:
            print(json.dumps([plain(each) for each in found], indent=2))
            return 0
        now, votes = hall.place.now(), hall.dao.votes
        print(f"{hall.place.me} has locked {fml(votes.locked_wei)} and votes with {fml(votes.votes_wei)}")
        if (left_s := hall.paused_until() - now) > 0:
            print(f"the guardian has stopped what mints or brings money in, for {duration(left_s)} more")
            print("  next: end that with fl-alliance dao propose TEXT --resume; money can be taken out all the while")
        for each in found:
            print("\n".join(facts_words(each, now)))
        if not found:
            print("no proposal yet; make one with: fl-alliance dao propose TEXT --set NAME=VALUE")
    return 0
