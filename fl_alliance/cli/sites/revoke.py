"""`fl-alliance sites revoke`: a hospital's SuperNode key is its own no longer."""

import argparse

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.sites.common import add_saying, consortium, say

_EPILOG = """\
For a key that was lost or seen by others. It is never bound again, and a coordinator that listens to the consortium's
contract listens to that SuperNode no longer, seconds later. Another site's key is revoked by `propose revoke`.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("sites revoke", "End the binding of the account's own SuperNode key.", _EPILOG)
    add_saying(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Say it."""
    from fl_alliance.cli.hospital_key import key_source
    from fl_alliance.config import ConfigError
    from fl_alliance.deployment.statements import Statement

    address = key_source(arguments).open().address
    with consortium(arguments) as (_, view):
        key = view.binding(address).key
    if not any(key):
        raise ConfigError(f"{address} has no SuperNode key bound in {arguments.sites}: there is nothing to revoke")
    say(arguments, Statement("revoke", (key,)), f"SuperNode key {key.hex()} is nobody's any more")
    return 0
