"""`fl-alliance dao attend`: signing in, so that there is a general meeting."""

import argparse

from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import confirm_proposal, proposal_parser

_EXAMPLES = """\
  fl-alliance dao attend 3
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    return proposal_parser("attend", "Sign in to a review: where enough do, there is a general meeting.", _EXAMPLES)


def execute(arguments: argparse.Namespace) -> int:
    """Sign in."""
    from fl_alliance.chain.dao import Appearance
    from fl_alliance.chain.stages import Stage
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.hall import open_hall
    from fl_alliance.governance.say import require_appearance

    with open_hall(settings_of(arguments)) as hall:
        proposal = hall.require(arguments.proposal, Stage.PENDING)
        require_appearance(hall.dao, arguments.proposal, proposal, hall.place.now(), is_flag=False)
        confirm_proposal(hall, arguments.proposal, "signs in to its review", arguments.yes)
        hall.dao.appear(proposal.number, Appearance.PRESENT)
        print(f"signed in to proposal {arguments.proposal}")
    return 0
