"""`fl-alliance certificates node`: the key by which a SuperLink knows a hospital's SuperNode."""

import argparse
from pathlib import Path

from fl_alliance.cli.arguments import command_parser


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("certificates node", "Make a SuperNode's key: FILE and FILE.pub.", "")
    command.add_argument("file", type=Path, metavar="FILE", help="the private key")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Write both."""
    from fl_alliance.deployment.certificates import make_node_key

    print(f"{make_node_key(arguments.file)}: for the coordinator\n{arguments.file}: for nobody; keep it safe")
    return 0
