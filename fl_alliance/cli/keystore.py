"""`fl-alliance keystore`: a new account, its key locked with a password."""

import argparse
from pathlib import Path

from fl_alliance.cli.arguments import command_parser

_EPILOG = """\
The key is random and is never shown. The file is a keystore v3 (scrypt), which every Ethereum wallet reads; mode 0600.
Who loses it, or its password, loses the stake and what was earned: keep a copy of both, in two places.

examples:
  fl-alliance keystore keystore.json                                    asks for a password
  fl-alliance keystore keystore.json --password-file password           its first line
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("keystore", "Make a key in a keystore and print its address.", _EPILOG)
    command.add_argument("file", type=Path, metavar="FILE", help="a new file")
    command.add_argument("--password-file", type=Path, metavar="FILE", help="the password (default: asked for)")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Write it and print the account's address."""
    from fl_alliance.deployment.keys import new_keystore, password

    print(new_keystore(arguments.file, password(arguments.password_file, str(arguments.file))))
    return 0
