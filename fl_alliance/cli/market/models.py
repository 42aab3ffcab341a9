"""`fl-alliance market models`: what is listed, what it costs and earned, and what is trending."""

import argparse
import json

from fl_alliance.cli.arena.common import add_settings
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.market.common import number, settings_beside_model, stall_parser

_MORE = """
Trending: FML earned in the last 30 days, half as much for every 7 days ago, times what raters think of the model.
"""
_EXAMPLES = """\
  fl-alliance market models                            all open listings
  fl-alliance market models --trending                 the most wanted first
  fl-alliance market models --model 2 --card           one, with its card
  fl-alliance market models --json                     the same for programs, amounts in wei as text
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = stall_parser("models", "Show what is listed.", "[NAME=VALUE ...] [options]", _EXAMPLES, _MORE)
    add_settings(command)
    command.add_argument("--trending", action="store_true", help="by demand, the most wanted first")
    command.add_argument("--all", action="store_true", help="closed listings too")
    command.add_argument("--model", type=number, metavar="MODEL", help="this one only")
    command.add_argument("--card", action="store_true", help="with the model's card")
    command.add_argument("--json", action="store_true", help="print it as JSON")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print listings."""
    from fl_alliance.marketplace.lineage import titles_of
    from fl_alliance.marketplace.loading import card_of
    from fl_alliance.marketplace.shelf import facts_of, facts_words, plain_facts, trending
    from fl_alliance.marketplace.stall import open_stall

    with open_stall(settings_beside_model(arguments)) as stall:
        if arguments.model:
            stall.listing(arguments.model)
        place = stall.place
        found = facts_of(place.rpc, place.market, titles_of(stall.models, place.store), place.now())
        if arguments.trending:
            found = trending(found)
        found = [one for one in found if arguments.model in (None, one.model)]
        found = [one for one in found if arguments.all or arguments.model or not one.is_closed]
        if arguments.json:
            print(json.dumps([plain_facts(one) for one in found], indent=2))
            return 0
        for one in found:
            print("\n".join(facts_words(one)))
            if arguments.card:
                print(card_of(place.store, stall.listing(one.model)))
        if not found:
            print("nothing is listed; list a model with: fl-alliance market list SOURCE --price FML")
    return 0
