"""The options by which a hospital says where its key is."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fl_alliance.deployment.keys import KeySource


def add_key(command: argparse.ArgumentParser) -> None:
    """Add the options to a command's parser."""
    command.add_argument("--keystore", type=Path, metavar="FILE", help="keystore v3 with this hospital's key")
    command.add_argument("--password-file", type=Path, metavar="FILE", help="its password (default: asked for)")
    command.add_argument("--key-env", default="", metavar="VARIABLE", help="instead: environment variable with the key")


def key_source(arguments: argparse.Namespace) -> "KeySource":
    """Return where the key is."""
    from fl_alliance.deployment.keys import KeySource

    return KeySource(arguments.key_env, arguments.keystore, arguments.password_file)
