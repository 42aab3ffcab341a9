"""`fl-alliance dao gauge`: which tasks and models incentives go to."""

import argparse
from typing import TYPE_CHECKING

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import dao_parser

if TYPE_CHECKING:
    from fl_alliance.chain.gauges import Gauges
    from fl_alliance.governance.hall import Hall

_MORE = """
One ballot a week, with what you had locked when the week began. What a task or model gets counts in the week after: a
verified task's stake weighs up to half more at the emission, models share a budget. Nobody votes for its own.
"""
_EXAMPLES = """\
  fl-alliance dao gauge                                where votes went, and what they move
  fl-alliance dao gauge --give alliance:1 25 --give model:2 10        percent of your votes each
  fl-alliance dao gauge --apply                        let last week's votes count; anybody may
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = dao_parser(
        "gauge", "Say which tasks and models incentives go to.", "[options] [NAME=VALUE ...]", _EXAMPLES, _MORE
    )
    add_signing(command)
    command.add_argument(
        "--give",
        action="append",
        default=[],
        nargs=2,
        metavar=("GAUGE", "PERCENT"),
        help="a task or model, and how many percent of your votes it gets",
    )
    command.add_argument("--apply", action="store_true", help="do what last week's votes move")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Vote, apply, or show."""
    from fl_alliance.chain.deploy import GAUGES
    from fl_alliance.chain.gauges import Gauges
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.errors import ActionRefused
    from fl_alliance.governance.gauges import apply_due, epoch_words, gauge_words, gauges_of
    from fl_alliance.governance.hall import confirm, open_hall

    if arguments.give and arguments.apply:
        raise ActionRefused("--give and --apply: one of them at a time")
    with open_hall(settings_of(arguments)) as hall:
        place = hall.place
        if GAUGES not in place.market.contracts:
            raise ActionRefused("this market's DAO has no gauges")
        gauges = Gauges(place.sender, place.market)
        if arguments.give:
            ballot = [hall.actions.choice(gauge, percent) for gauge, percent in arguments.give]
            told = _told(hall, gauges, arguments.give)
            gauges.require_vote(ballot)
            confirm([f"{place.me} gives {told}"], arguments.yes)
            gauges.vote(ballot)
            print(f"voted; it counts from the end of this week on: {epoch_words(gauges, place.me, place.now())}")
        elif arguments.apply:
            confirm([f"{place.me} applies last week's gauge votes"], arguments.yes)
            done = list(apply_due(place, gauges))
            print("\n".join(done) or "nothing is due")
        else:
            print(epoch_words(gauges, place.me, place.now()))
            known = list(gauges_of(gauges, place.emission, place.rpc, place.market))
            for found in known:
                print("  " + gauge_words(found, gauges.cast_wei(gauges.epoch, found.kind)))
            if not known:
                print("  nothing to vote for: no task is verified and no model is open")
                print("    next: fl-alliance dao propose TEXT --verify arena:1, or fl-alliance market list")
    return 0


def _told(hall: "Hall", gauges: "Gauges", given: list[list[str]]) -> str:
    from fl_alliance.arena.events import fml
    from fl_alliance.governance.errors import ActionRefused

    votes_wei = hall.dao.votes_wei(hall.place.me, gauges.counted_at(gauges.epoch))
    if not votes_wei:
        raise ActionRefused(f"{hall.place.me} had nothing locked when this week began, and has no vote in it")
    parts = [f"{percent} % of its {fml(votes_wei)} to {gauge}" for gauge, percent in given]
    return ", ".join(parts)
