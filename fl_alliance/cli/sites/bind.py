"""`fl-alliance sites bind`: a SuperNode's key is a hospital's, from now on."""

import argparse
from pathlib import Path

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.sites.common import add_saying, consortium, say

_EPILOG = """\
`join` does this by itself. Where the account has a key already, the new one replaces it: that is how a key is rotated;
the old one is nobody's then and is never bound again. The contract checks the account's signature. That the SuperNode's
key has signed too, it cannot check: the ServerApp does, when the hospital joins.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("sites bind", "Bind a SuperNode's key to the account, or rotate to a new one.", _EPILOG)
    command.add_argument("--node-key", type=Path, required=True, metavar="FILE", help="private key of the SuperNode")
    add_saying(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Say it."""
    from fl_alliance.chain.auth_keys import AuthKey
    from fl_alliance.chain.sites import proof_digest
    from fl_alliance.cli.hospital_key import key_source
    from fl_alliance.deployment.keys import require_private
    from fl_alliance.deployment.statements import Statement

    require_private(arguments.node_key)
    auth, address = AuthKey.load(arguments.node_key), key_source(arguments).open().address
    with consortium(arguments) as (_, view):
        previous, statement = view.binding(address).key, auth.sign(view.domain, address)
    said = Statement("bind", (auth.digest, proof_digest(statement), previous))
    say(arguments, said, f"SuperNode key {auth.digest.hex()} is that of {address}")
    return 0
