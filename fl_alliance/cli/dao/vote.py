"""`fl-alliance dao vote`: for, against, or abstaining, once."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import add_proposal, confirm_proposal, dao_parser

_EXAMPLES = """\
  fl-alliance dao vote 3 for
  fl-alliance dao vote 3 against key.keystore=key.json
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = dao_parser(
        "vote",
        "Vote in a general meeting, by what you had locked when it began.",
        "N for|against|abstain [NAME=VALUE ...]",
        _EXAMPLES,
    )
    add_proposal(command)
    command.add_argument(
        "support", choices=("for", "against", "abstain"), metavar="SUPPORT", help="for, against or abstain"
    )
    add_signing(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Vote."""
    from fl_alliance.arena.events import fml
    from fl_alliance.chain.dao import Support
    from fl_alliance.chain.stages import Stage
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.hall import open_hall
    from fl_alliance.governance.say import require_vote

    with open_hall(settings_of(arguments)) as hall:
        proposal = hall.require(arguments.proposal, Stage.ACTIVE)
        votes_wei = require_vote(hall.dao, arguments.proposal, proposal)
        confirm_proposal(hall, arguments.proposal, f"votes {arguments.support} with {fml(votes_wei)}", arguments.yes)
        hall.dao.vote(proposal.number, Support[arguments.support.upper()])
        print(f"voted {arguments.support} on proposal {arguments.proposal}")
    return 0
