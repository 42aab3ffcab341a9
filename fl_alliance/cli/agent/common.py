"""What the commands of `fl-alliance agent` share."""

from fl_alliance.cli.arena.common import SETTINGS_HELP
from fl_alliance.cli.arguments import CommandParser, command_parser


def agent_parser(name: str, description: str, usage: str, examples: str, more: str = "") -> CommandParser:
    """Return the parser of a command: its settings, with examples."""
    epilog = f"{SETTINGS_HELP.format(account=6)}{more}\nexamples:\n{examples}"
    return command_parser(f"agent {name}", description, epilog, usage)
