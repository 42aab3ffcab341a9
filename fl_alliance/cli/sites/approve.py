"""`fl-alliance sites approve`: say that a bundle may run under its settings, or take that back."""

import argparse

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.sites.common import add_bundle, add_saying, bundle, consortium, say

_EPILOG = """\
Approve what you have looked at: `fl-alliance sites digest` gives the digest of the code in front of you. A bundle is
approved as long as enough of those who are members say so.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("sites approve", "Approve a bundle as a member of the consortium.", _EPILOG)
    add_saying(command)
    add_bundle(command)
    command.add_argument("--withdraw", action="store_true", help="take the approval back")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Say it."""
    from fl_alliance.deployment.statements import Statement

    with consortium(arguments) as (w3, _):
        code, config = bundle(arguments, w3)
    approves = not arguments.withdraw
    about = f"code {code.hex()} under settings {config.hex()}"
    done = f"{'approved' if approves else 'not approved any more by this member'}: {about}"
    say(arguments, Statement("judge_bundle", (code, config, approves)), done)
    return 0
