"""`fl-alliance bond`: the bond behind a run's transcripts, one file a command."""

from fl_alliance.cli.arguments import CommandParser, group_parser

COMMANDS = {
    "status": "what a run's coordinator has at stake, and what it has posted",
    "accuse": "prove on chain what in its transcripts is a lie: half of the bond is the accuser's",
    "release": "give the bond back when the time for challenges is over",
}

_EPILOG = """\
A coordinator puts up a bond (alliance.bond), posts the root of every round's transcript, and names the final model.
Whoever shows that a message in a transcript is not its member's, or that the final model is another, gets half of the
bond; the other half is burned. Accusing needs a run folder with the transcripts, or an unpacked archive's run/, and an
account with gas. What no contract can compute, above all an aggregate that does not follow from the updates, is found
by `audit`.

examples:
  fl-alliance bond status runs/20260102-030405-glucose
  fl-alliance bond accuse archive/run --chain http://127.0.0.1:8545 --key-env ACCUSER
  fl-alliance bond accuse RUN --receipts home/taken --chain URL --keystore keystore.json      my update is not in it
  fl-alliance bond release RUN --chain http://127.0.0.1:8545 --keystore keystore.json
"""


def parser() -> CommandParser:
    """Return the parser of the part before the command."""
    return group_parser("bond", "The bond behind a run's transcripts.", COMMANDS, _EPILOG)
