"""What the commands of `fl-alliance dao` share: their settings, and yes before anything is signed."""

import argparse
from typing import TYPE_CHECKING

from fl_alliance.cli.arena.common import SETTINGS_HELP, add_signing
from fl_alliance.cli.arguments import CommandParser, command_parser

if TYPE_CHECKING:
    from fl_alliance.governance.hall import Hall


def dao_parser(
    name: str, description: str, usage: str, examples: str, more: str = "", account: str = "0"
) -> CommandParser:
    """Return the parser of a command: its words, settings and --yes, with examples."""
    epilog = f"{SETTINGS_HELP.format(account=account)}{more}\nexamples:\n{examples}"
    return command_parser(f"dao {name}", description, epilog, usage)


def proposal_parser(name: str, description: str, examples: str) -> CommandParser:
    """Return the parser of a command that signs something of one proposal, named by its number alone."""
    command = dao_parser(name, description, "N [NAME=VALUE ...]", examples)
    add_proposal(command)
    add_signing(command)
    return command


def add_proposal(command: CommandParser) -> None:
    """Let a command take a proposal's number."""
    command.add_argument(
        "proposal", type=_number, metavar="N", help="the proposal's number, see `fl-alliance dao status`"
    )


def confirm_proposal(hall: "Hall", number: int, intent: str, is_said: bool) -> None:
    """Show a proposal and what its calls do, then what is about to be signed; raises `NotConfirmed`."""
    from fl_alliance.governance.hall import confirm
    from fl_alliance.governance.standing import changed_words, does_words, quoted

    facts = hall.facts(number)
    lines = [
        f"proposal {number} of {facts.proposer}",
        f"  its author says: {quoted(facts.says)}",
        *does_words(facts.does),
        *changed_words(facts.changed),
    ]
    confirm([*lines, f"{hall.place.me} {intent}"], is_said)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"given {text!r}, needed a proposal's number, such as 1")
    return int(text)
