"""`fl-alliance agent limits`: what the agent may spend at once and in 24 hours, and how often it may sign."""

import argparse

from fl_alliance.cli.agent.common import agent_parser
from fl_alliance.cli.arena.common import add_settings, settings_of
from fl_alliance.cli.arguments import CommandParser

_MOST_REQUESTS = 10_000
_EXAMPLES = """\
  fl-alliance agent limits
  fl-alliance agent limits --transaction 20 --day 50 --requests 10
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = agent_parser("limits", "Show or set what the agent may spend.", "[NAME=VALUE ...] [options]", _EXAMPLES)
    add_settings(command)
    command.add_argument("--transaction", metavar="FML", help="at once")
    command.add_argument("--day", metavar="FML", help="in any 24 hours")
    command.add_argument("--requests", type=_count, metavar="N", help="signed in any 24 hours, 0 to 10000")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Set what is given, then show."""
    from fl_alliance.agent.amounts import exactly
    from fl_alliance.agent.guards.limits import Terms
    from fl_alliance.agent.opening import open_agent
    from fl_alliance.market.config import wei

    with open_agent(settings_of(arguments), lambda _: False) as agent:
        terms = agent.limits.terms
        once, day, requests = arguments.transaction, arguments.day, arguments.requests
        if (once, day, requests) != (None, None, None):
            once_wei = terms.transaction_wei if once is None else wei(once, "--transaction")
            day_wei = terms.day_wei if day is None else wei(day, "--day")
            agent.limits.set(terms := Terms(once_wei, day_wei, terms.requests if requests is None else requests))
        spent_wei, signed = agent.limits.spent(agent.now())
        day_terms = f"{exactly(terms.day_wei)} in 24 hours, {terms.requests} requests"
        print(f"{agent.place.me}: {exactly(terms.transaction_wei)} at once, {day_terms}")
        print(f"{exactly(spent_wei)} of it in the last 24 hours, {signed} requests")
    return 0


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _MOST_REQUESTS):
        raise argparse.ArgumentTypeError(f"given {text!r}, needed 0 to {_MOST_REQUESTS}")
    return int(text)
