"""`fl-alliance sites relay`: send what a site has signed."""

import argparse
from pathlib import Path

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.hospital_key import add_key, key_source


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("sites relay", "Send what sites have signed, for them.", "")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE", help="what --sign-only wrote")
    command.add_argument("--chain", required=True, metavar="URL", help="an endpoint of the chain")
    add_key(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Send each, in the order given."""
    from fl_alliance.chain.connect import connected
    from fl_alliance.chain.sender import Sender
    from fl_alliance.chain.sites import Sites
    from fl_alliance.deployment.statements import Signed

    key, signed = key_source(arguments).open(), [Signed.load(path) for path in arguments.files]
    with connected(arguments.chain) as w3:
        sender = Sender(w3, key)
        for path, one in zip(arguments.files, signed, strict=True):
            one.statement.send(Sites(sender, one.sites), one.voucher)
            print(f"{path}: sent for {one.voucher.actor}")
    return 0
