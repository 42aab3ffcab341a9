"""`fl-alliance arena train`: a training node that somebody leaves running."""

import argparse

from fl_alliance.cli.arena.common import task_parser, work_as
from fl_alliance.cli.arguments import CommandParser

_MORE = """\
  stake.amount=            FML (default: the least that the task takes)
  stake.lock_days=0        0 to 365; above 30 days the stake weighs more, and stays as long
  delegation.accept=false  whether others can delegate FML to you; delegation.sigma_bps=2000: what you keep, of 10,000
  training.preset=standard small, standard or large: a quarter, once or four times the task's steps
  training.steps=          steps of your own instead
  training.threads=1       cores
  training.pieces=1        in how many pieces a day's training is kept: a kill loses one at most
  training.start=best      best: each day goes on from your best model; fresh: from an untrained one
  network.give_up_s=86400  how long to try again without an answer; network.look_s=1: between two looks at the clock

Every day: trains, commits to the model before the window closes, reveals it, and claims what it earned. A model that is
no better than the untrained one is not submitted, it would only cost. When the task is over the stake comes back.
"""
_EXAMPLES = """\
  fl-alliance arena train 1                            as a development account, on this machine
  FL_ALLIANCE_KEY=key.json fl-alliance arena train 1 chain.url=https://rpc.example.org store.url=s3://models
  fl-alliance arena train 1 training.preset=large training.threads=4 stake.amount=500
  fl-alliance arena train 1 --config mine.yaml         the same names in a file

Ctrl-C stops it; the same command goes on. Not submitting for a day costs nothing; not revealing costs the fee.
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    return task_parser(
        "train",
        "Train every day, submit the model, and be paid by its rank. Leave it running.",
        "1",
        _MORE,
        _EXAMPLES,
    )


def execute(arguments: argparse.Namespace) -> int:
    """Train until the task is over."""
    return work_as("NODE", 1, "train", arguments, "training")
