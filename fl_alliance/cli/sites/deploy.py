"""`fl-alliance sites deploy`: put a consortium's contract on a chain."""

import argparse
from pathlib import Path

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.hospital_key import add_key, key_source

_EPILOG = """\
The members are there for good only as long as N of them want: they admit, expel and set N by `propose`. With --points
MANIFEST the consortium can mint the points of that deployment, whose deployer this must be.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("sites deploy", "Put a consortium's contract on a chain and print its address.", _EPILOG)
    command.add_argument("--chain", required=True, metavar="URL", help="an endpoint of the chain")
    command.add_argument("--member", required=True, action="append", metavar="ADDRESS", help="a member; repeat it")
    command.add_argument("--threshold", required=True, type=int, metavar="N", help="how many of them must agree")
    command.add_argument("--points", type=Path, metavar="MANIFEST", help="whose points it can mint")
    add_key(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Deploy it."""
    from fl_alliance.chain.connect import connected
    from fl_alliance.chain.deploy import Deployment
    from fl_alliance.chain.sender import Sender
    from fl_alliance.chain.sites import add_sites
    from fl_alliance.config import ConfigError

    key = key_source(arguments).open()
    with connected(arguments.chain) as w3:
        sender = Sender(w3, key)
        found = Deployment.load(arguments.points) if arguments.points else Deployment(sender.chain_id, 0, {})
        if arguments.points and not found.has_points:
            raise ConfigError(f"--points {arguments.points}: is of contracts that pay FML, needed points")
        try:
            deployed = add_sites(sender, found, arguments.member, arguments.threshold)
        except ValueError as error:
            raise ConfigError(f"--member {' '.join(arguments.member)}: {error}") from error
    print(f"consortium of {len(arguments.member)} members, of whom {arguments.threshold} must agree: {deployed.sites}")
    return 0
