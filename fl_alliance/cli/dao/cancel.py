"""`fl-alliance dao cancel`: one's own proposal, while nobody has flagged it."""

import argparse

from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import confirm_proposal, proposal_parser

_EXAMPLES = """\
  fl-alliance dao cancel 3
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    return proposal_parser("cancel", "Take your proposal back in its review, while nobody has flagged it.", _EXAMPLES)


def execute(arguments: argparse.Namespace) -> int:
    """Take it back, and the stake."""
    from fl_alliance.chain.stages import Stage
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.hall import open_hall
    from fl_alliance.governance.say import require_author

    with open_hall(settings_of(arguments)) as hall:
        proposal = hall.require(arguments.proposal, Stage.PENDING)
        require_author(hall.dao, arguments.proposal, proposal)
        confirm_proposal(hall, arguments.proposal, "takes it back", arguments.yes)
        hall.dao.cancel(proposal)
        hall.dao.settle_stake(proposal.number)
        print(f"took proposal {arguments.proposal} back, and its stake")
    return 0
