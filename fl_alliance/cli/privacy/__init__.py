"""`fl-alliance privacy`: the privacy budgets of data sets, one file a command."""

from fl_alliance.cli.arguments import CommandParser, group_parser

COMMANDS = {
    "status": "what is spent and left, and for how many more rounds that lasts",
    "limit": "set what may be spent on a data set in all",
    "adopt": "say what a data set is that has no ledger yet: the same patients' as before, or others'",
}

_EPILOG = """\
Whatever a node releases of its data with noise, updates (dp=record, dp=patient) and scores (rule.score_epsilon), is
entered in the ledger of that data set before it is computed. All entries together are accounted in one piece, over
rounds, tasks and restarts. A node stops before a release would exceed what the task promised, or what may be spent in
all.

A hospital's ledgers are beside its --home, in privacy/ADDRESS/, or where the environment variable FL_ALLIANCE_PRIVACY
says. Back them up like keys: a lost ledger is a budget that nobody knows. Simulated ones are in RUN/privacy/.

examples:
  fl-alliance privacy status                              of the newest run, or of $FL_ALLIANCE_PRIVACY
  fl-alliance privacy status privacy/0x...                a hospital's
  fl-alliance privacy limit privacy/0x... 3fa4 --epsilon 10 --delta 1e-5
"""


def parser() -> CommandParser:
    """Return the parser of the part before the command."""
    return group_parser("privacy", "The privacy budgets of data sets.", COMMANDS, _EPILOG)
