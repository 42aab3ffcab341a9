"""`fl-alliance agent limits`: what the agent may spend at once and in 24 hours."""

import argparse

from fl_alliance.cli.agent.common import agent_parser
from fl_alliance.cli.arena.common import add_settings, settings_of
from fl_alliance.cli.arguments import CommandParser

_EXAMPLES = """\
  fl-alliance agent limits
  fl-alliance agent limits --transaction 20 --day 50
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = agent_parser("limits", "Show or set what the agent may spend.", "[NAME=VALUE ...] [options]", _EXAMPLES)
    add_settings(command)
    command.add_argument("--transaction", metavar="FML", help="at once")
    command.add_argument("--day", metavar="FML", help="in any 24 hours")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Set what is given, then show."""
    from fl_alliance.agent.amounts import exactly
    from fl_alliance.agent.guards.limits import Terms
    from fl_alliance.agent.opening import open_agent
    from fl_alliance.market.config import wei

    with open_agent(settings_of(arguments), lambda _: False) as agent:
        terms = agent.limits.terms
        once, day = arguments.transaction, arguments.day
        if once is not None or day is not None:
            once_wei = terms.transaction_wei if once is None else wei(once, "--transaction")
            day_wei = terms.day_wei if day is None else wei(day, "--day")
            agent.limits.set(terms := Terms(once_wei, day_wei))
        spent_wei = agent.limits.spent_wei(agent.now())
        print(f"{agent.place.me}: {exactly(terms.transaction_wei)} at once, {exactly(terms.day_wei)} in 24 hours")
        print(f"{exactly(spent_wei)} of it in the last 24 hours")
    return 0
