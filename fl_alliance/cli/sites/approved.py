"""`fl-alliance sites approved`: write down what may run here, for a node that has no network to ask."""

import argparse
from pathlib import Path

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.sites.common import add_bundle, add_consortium, bundle, consortium

_EPILOG = """\
The pair is looked up on the chain and added to FILE only where enough members approve it. With FILE, any Flower app's
node is guarded: begin its PATH with the folder that --shim makes, and set FL_ALLIANCE_APPROVED to FILE; its SuperNode
then imports no bundle whose files or settings are others.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("sites approved", "Add an approved bundle to a site's own list.", _EPILOG)
    command.add_argument("file", type=Path, metavar="FILE", help="the list, made where it is missing")
    command.add_argument("--shim", type=Path, metavar="DIR", help="make a flwr-clientapp there that asks the list")
    add_consortium(command)
    add_bundle(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Look the pair up and write it down."""
    from fl_alliance.deployment.approval import Approvals, require_approved
    from fl_alliance.deployment.guard import APPROVED, shim

    known = Approvals.load(arguments.file).pairs if arguments.file.is_file() else frozenset()
    with consortium(arguments) as (w3, view):
        pair = bundle(arguments, w3)
        require_approved(view, *pair)
    Approvals(known | {pair}).save(arguments.file)
    print(f"{arguments.file}: {len(known | {pair})} bundles may run here")
    if arguments.shim:
        print(f"PATH={shim(arguments.shim).resolve()}:$PATH {APPROVED}={arguments.file.resolve()} flower-supernode ...")
    return 0
