"""`fl-alliance sites digest`: what a consortium approves of a Flower app."""

import argparse
from pathlib import Path

from fl_alliance.cli.arguments import command_parser

_EPILOG = """\
Of a folder, it is the digest of what Flower would bundle of it; of a FAB, of what is in it: both are the same. Without
an app, it is that of this installation of fl-alliance, which a task pins on chain.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("sites digest", "Print the digest of a Flower app, or of this installation.", _EPILOG)
    command.add_argument("app", type=Path, nargs="?", metavar="APP", help="its folder, or a FAB")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print it."""
    from fl_alliance.bundles import app_digest
    from fl_alliance.code_digest import code_digest

    print((app_digest(arguments.app) if arguments.app else code_digest()).hex())
    return 0
