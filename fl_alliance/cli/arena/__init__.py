"""`fl-alliance arena`: a training market, one file a command."""

from fl_alliance.cli.arguments import CommandParser, group_parser

COMMANDS = {
    "demo": "a whole market on this machine, honest and dishonest, with a report",
    "deploy": "put a market on a chain",
    "create": "create a task: what is to be learned, for how long, and what it pays",
    "train": "train every day and submit the model",
    "validate": "score what others submit; needs no graphics card",
    "keep": "keep a task's days going; its creator also shows the hidden dataset",
    "delegate": "put FML behind a training node, a validator or a member",
    "undelegate": "take it back",
    "accept": "let others delegate to you as a member of a task of FL Alliance",
    "claim": "take what is earned, and the stake when a task is over",
    "status": "what is going on, what is yours, and what to do next",
    "leaderboard": "who is best, and who earned what",
    "fund": "give an account of the development chain FML and gas",
}

_EPILOG = """\
A task asks for a model. Training nodes stake FML and submit one a day; validators stake FML and score them on data that
nobody trains on. Every day the best are paid, by rank and stake; what is held back is decided at the end on data that
nobody has seen before.

try it on this machine, each line in a terminal of its own:
  fl-alliance chain --speed 1440 --block-time 0.1      a chain on which a day takes a minute
  fl-alliance arena deploy                             the market, with FML for ten development accounts
  fl-alliance arena create classify task.days=3        prints the task's number, here 1
  fl-alliance arena keep 1                             until the task is over, like those that follow
  fl-alliance arena train 1                            as one development account ...
  fl-alliance arena train 1 key.development=5          ... and as another one
  fl-alliance arena validate 1
  fl-alliance arena leaderboard 1

Whatever is left running may be stopped, killed or cut off from its chain: the same command goes on where it was.

examples:
  fl-alliance arena status                             all tasks, and what to do next
  fl-alliance arena train --help                       what a command does and takes, with examples
"""


def parser() -> CommandParser:
    """Return the parser of the part before the command."""
    return group_parser(
        "arena", "A training market: models are submitted, scored and paid every day.", COMMANDS, _EPILOG
    )
