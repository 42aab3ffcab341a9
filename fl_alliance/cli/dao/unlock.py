"""`fl-alliance dao unlock`: locked FML back, after the delay."""

import argparse

from fl_alliance.cli.arena.common import add_signing
from fl_alliance.cli.arguments import CommandParser
from fl_alliance.cli.dao.common import dao_parser

_MORE = """
With an amount it asks for that much, which votes no more; without one it takes what was asked for and has waited.
"""
_EXAMPLES = """\
  fl-alliance dao unlock 5000                          ask
  fl-alliance dao unlock                               take, a week later
"""


def parser() -> CommandParser:
    """Return the command's parser."""
    command = dao_parser("unlock", "Ask locked FML back, or take them.", "[AMOUNT] [NAME=VALUE ...]", _EXAMPLES, _MORE)
    add_signing(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Ask or take."""
    amount = arguments.words.pop(0) if arguments.words and "=" not in arguments.words[0] else None
    from fl_alliance.arena.events import fml
    from fl_alliance.cli.arena.common import settings_of
    from fl_alliance.governance.errors import ActionRefused, WrongStage
    from fl_alliance.governance.hall import confirm, open_hall
    from fl_alliance.market.config import wei
    from fl_alliance.market.units import duration

    amount_wei = wei(amount, "AMOUNT") if amount is not None else None
    with open_hall(settings_of(arguments)) as hall:
        place, votes = hall.place, hall.dao.votes
        if amount_wei is not None:
            if not 0 < amount_wei <= votes.locked_wei:
                raise ActionRefused(
                    f"AMOUNT: {place.me} has locked {fml(votes.locked_wei)}, needed that at most, above 0"
                )
            confirm([f"{place.me} asks {fml(amount_wei)} back, which vote no more"], arguments.yes)
            votes.request_unlock(amount_wei)
        asked_wei, from_at = votes.leaving
        if asked_wei and (amount_wei is not None or place.now() < from_at):
            print(f"{fml(asked_wei)} can be taken in {duration(max(0, from_at - place.now()))}: fl-alliance dao unlock")
            return 0
        if not asked_wei:
            raise WrongStage(f"{place.me} has asked nothing back; ask first: fl-alliance dao unlock AMOUNT")
        print(f"{fml(votes.withdraw())} came back")
    return 0
