"""`fl-alliance dao queue`: into the time lock with what has passed."""

import argparse

from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import confirm_proposal, proposal_parser

_EXAMPLES = """\
  fl-alliance dao queue 3
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    return proposal_parser("queue", "Put a proposal that has passed into the time lock; anybody may.", _EXAMPLES)


def execute(arguments: argparse.Namespace) -> int:
    """Queue it."""
    from fl_alliance.chain.stages import Stage
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.hall import open_hall
    from fl_alliance.market.units import duration

    with open_hall(settings_of(arguments)) as hall:
        proposal = hall.require(arguments.proposal, Stage.SUCCEEDED)
        confirm_proposal(hall, arguments.proposal, "puts it into the time lock", arguments.yes)
        hall.dao.queue(proposal)
        wait = duration(hall.dao.executable_at(proposal.number) - hall.place.now())
        print(f"proposal {arguments.proposal} can be executed in {wait}: fl-alliance dao execute {arguments.proposal}")
    return 0
