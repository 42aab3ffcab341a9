"""`fl-alliance certificates authority`: what signs the SuperLink's certificate."""

import argparse
from pathlib import Path

from fl_alliance.cli.arguments import command_parser


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("certificates authority", "Make an authority for one federation: ca.pem, ca-key.pem.", "")
    command.add_argument("folder", type=Path, metavar="DIR", help="where both are written")
    command.add_argument("--name", default="FL Alliance", metavar="NAME", help="its name (default: FL Alliance)")
    command.add_argument("--days", type=int, default=3650, metavar="N", help="valid for so long (default: 3650)")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Write both."""
    from fl_alliance.deployment.certificates import CA, CA_KEY, make_authority

    make_authority(arguments.folder, arguments.name, arguments.days)
    print(f"{arguments.folder / CA}: for every hospital\n{arguments.folder / CA_KEY}: for nobody; keep it safe")
    return 0
