"""`fl-alliance dao settle`: where a decided proposal's stake belongs."""

import argparse

from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import confirm_proposal, proposal_parser

_EXAMPLES = """\
  fl-alliance dao settle 3
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    return proposal_parser("settle", "Send a decided proposal's stake where it belongs; anybody may.", _EXAMPLES)


def execute(arguments: argparse.Namespace) -> int:
    """Settle it."""
    from fl_alliance.chain.stages import Stage
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.errors import WrongStage
    from fl_alliance.governance.hall import open_hall

    final = [stage for stage in Stage if stage.is_final]
    with open_hall(settings_of(arguments)) as hall:
        proposal = hall.require(arguments.proposal, *final)
        if hall.dao.review(proposal.number).is_settled:
            raise WrongStage(f"the stake of proposal {arguments.proposal} has gone where it belongs")
        confirm_proposal(hall, arguments.proposal, "settles its stake", arguments.yes)
        hall.dao.settle_stake(proposal.number)
        is_lost = hall.dao.is_condemned(proposal.number)
        where = "went to the treasury: holders condemned it" if is_lost else f"went back to {proposal.proposer}"
        print(f"the stake of proposal {arguments.proposal} {where}")
    return 0
