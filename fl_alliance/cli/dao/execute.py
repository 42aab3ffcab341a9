"""`fl-alliance dao execute`: making the calls of what has passed and waited."""

import argparse

from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import confirm_proposal, proposal_parser

_EXAMPLES = """\
  fl-alliance dao execute 3
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    return proposal_parser("execute", "Make a proposal's calls, and have its author paid; anybody may.", _EXAMPLES)


def execute(arguments: argparse.Namespace) -> int:
    """Execute it, and settle its stake."""
    from fl_alliance.arena.events import fml
    from fl_alliance.chain.stages import Stage
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.errors import WrongStage
    from fl_alliance.governance.hall import open_hall
    from fl_alliance.market.units import duration

    with open_hall(settings_of(arguments)) as hall:
        proposal = hall.require(arguments.proposal, Stage.QUEUED)
        wait_s = hall.dao.executable_at(proposal.number) - hall.place.now()
        if wait_s > 0:
            raise WrongStage(f"proposal {arguments.proposal} can be executed in {duration(wait_s)}")
        if changed := hall.decoder.changed(proposal.calls):
            raise WrongStage(
                f"{', '.join(changed)} changed since proposal {arguments.proposal} was made: propose it anew"
            )
        hall.dao.require_executable(proposal)
        confirm_proposal(hall, arguments.proposal, "makes its calls", arguments.yes)
        hall.dao.execute(proposal)
        reward_wei = hall.dao.settle_stake(proposal.number)
        reward = f"and a reward of {fml(reward_wei)}" if reward_wei else "and no reward: the treasury is empty"
        print(f"executed proposal {arguments.proposal}; {proposal.proposer} has its stake back, {reward}")
    return 0
