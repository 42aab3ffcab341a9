"""`fl-alliance arena validate`: a validator that somebody leaves running."""

import argparse

from fl_alliance.cli.arena.common import task_parser, work_as
from fl_alliance.cli.arguments import CommandParser

_MORE = """\
  stake.amount=            FML (default: the least that the task takes; four times that scores nearly everything)
  stake.lock_days=0        0 to 365; above 30 days the stake weighs more, and stays as long
  delegation.accept=false  whether others can delegate FML to you; delegation.sigma_bps=2000: what you keep, of 10,000
  scoring.memory_mib=6144, scoring.cpu_s=600, scoring.wall_s=900       what a model may use while it is scored
  scoring.need_no_network=true                   refuse to score where a model cannot be kept from the network
  network.give_up_s=86400  how long to try again without an answer; network.look_s=1: between two looks at the clock

Every day: scores the models that are assigned to it by its own randomness, commits to the scores, reveals them, and
claims what it earned. Strangers' models are files of numbers, checked before they are loaded, and scored in a process
that can only compute and answer; a hostile one costs you time. Needs no graphics card.
"""
_EXAMPLES = """\
  fl-alliance arena validate 1                         as a development account, on this machine
  FL_ALLIANCE_KEY=key.json fl-alliance arena validate 1 chain.url=https://rpc.example.org store.url=s3://models
  fl-alliance arena validate 1 stake.amount=1000 delegation.accept=true

Ctrl-C stops it; the same command goes on. Committing without revealing costs a part of the stake: a day begins anew
within the window of the scores' reveal.
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    return task_parser(
        "validate",
        "Score what others submit, and be paid by how near you are to the consensus. Leave it running.",
        "2",
        _MORE,
        _EXAMPLES,
    )


def execute(arguments: argparse.Namespace) -> int:
    """Validate until the task is over."""
    return work_as("VALIDATOR", 2, "validate", arguments, "scoring")
