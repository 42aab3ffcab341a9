"""`fl-alliance dao`: proposals and votes of those who have locked FML, one file a command."""

from fl_alliance.cli.arguments import CommandParser, group_parser

COMMANDS = {
    "deploy": "put a DAO over a market, and hand it every role",
    "lock": "lock FML to vote",
    "unlock": "ask locked FML back, or take them",
    "propose": "propose a change, with a stake",
    "attend": "sign in to a proposal's review",
    "flag": "flag a proposal in its review as a scam, or as frivolous",
    "vote": "vote in a proposal's general meeting",
    "queue": "put a proposal that has passed into the time lock",
    "execute": "make a proposal's calls, and have its author paid",
    "settle": "send a decided proposal's stake where it belongs",
    "cancel": "take your proposal back in its review",
    "gauge": "say which tasks and models incentives go to",
    "pause": "as the guardian: stop what mints or brings money in, for a while",
    "status": "where proposals stand, what they do, and what to do next",
}

_EPILOG = """\
Everything that the market calls a parameter is changed by a proposal, and by nothing else. A proposal is staked,
reviewed (holders sign in, or flag it), voted on in a general meeting where enough signed in, delayed, and executed by
anybody. What its calls do is read from their bytes and shown before anything is signed.

try it on this machine:
  fl-alliance chain --speed 1440 --block-time 0.1      a chain on which a day takes a minute
  fl-alliance arena deploy
  fl-alliance dao deploy
  fl-alliance dao lock 500000 key.development=1
  fl-alliance dao propose "Pay by the root of the stake" --set emission.power_halves=1 key.development=2
  fl-alliance dao attend 1 key.development=1           within three minutes; then, within five:
  fl-alliance dao vote 1 for key.development=1
  fl-alliance dao queue 1; fl-alliance dao execute 1   two minutes apart

examples:
  fl-alliance dao status                               every proposal, and what to do next
  fl-alliance dao propose --help                       what can be proposed
"""


def parser() -> CommandParser:
    """Return the parser of the part before the command."""
    return group_parser("dao", "Those who have locked FML decide what the market's contracts do.", COMMANDS, _EPILOG)
