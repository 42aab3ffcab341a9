"""`fl-alliance dao flag`: saying in its review that a proposal is a scam, or frivolous."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import add_proposal, confirm_proposal, dao_parser

_MORE = """
It is condemned where flags are a fifth of all votes, and more than those that signed in. The last third of a review is
for who signs in alone.
"""
_EXAMPLES = """\
  fl-alliance dao flag 3 scam
  fl-alliance dao flag 3 frivolous
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = dao_parser(
        "flag",
        "Flag a proposal: where enough do, its stake is lost.",
        "N scam|frivolous [NAME=VALUE ...]",
        _EXAMPLES,
        _MORE,
    )
    add_proposal(command)
    command.add_argument("why", choices=("scam", "frivolous"), metavar="WHY", help="scam or frivolous")
    add_signing(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Flag it."""
    from fl_alliance.chain.dao import Appearance
    from fl_alliance.chain.stages import Stage
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.hall import open_hall
    from fl_alliance.governance.say import require_appearance

    with open_hall(settings_of(arguments)) as hall:
        proposal = hall.require(arguments.proposal, Stage.PENDING)
        require_appearance(hall.dao, arguments.proposal, proposal, hall.place.now(), is_flag=True)
        confirm_proposal(hall, arguments.proposal, f"flags it: {arguments.why}", arguments.yes)
        hall.dao.appear(proposal.number, Appearance[arguments.why.upper()])
        print(f"flagged proposal {arguments.proposal} as {arguments.why}")
    return 0
