"""`fl-alliance sites propose`: propose a change of the consortium, or support one that somebody has proposed."""

import argparse

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.sites.common import add_saying, digest, say

_EPILOG = """\
A change is made with the support that reaches the threshold; who comes later says the same words. What was supported
under other members, or another threshold, has to be said again.

examples:
  fl-alliance sites propose admit 0xD.. --chain URL --sites 0x.. --keystore keystore.json
  fl-alliance sites propose threshold --value 3 ...
  fl-alliance sites propose revoke 0xB.. --node-key-digest DIGEST ...    for good; release leaves it to its owner
  fl-alliance sites propose mint 0xB.. --value 1000000000000000000 ...   wei of points
"""
_CHANGES = ("admit", "expel", "threshold", "revoke", "release", "mint")


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("sites propose", "Propose or support a change of the consortium, as a member.", _EPILOG)
    command.add_argument("change", choices=_CHANGES, help="what is to change")
    command.add_argument("account", nargs="?", metavar="ADDRESS", help="whom it is about")
    command.add_argument("--value", type=int, metavar="N", help="the new threshold, or wei to mint")
    command.add_argument("--node-key-digest", type=digest, metavar="DIGEST", help="the key to revoke or release")
    command.add_argument("--withdraw", action="store_true", help="take the support back")
    add_saying(command)
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Say it."""
    from fl_alliance.chain.rules.words import ZERO_ADDRESS
    from fl_alliance.chain.vouchers import Change
    from fl_alliance.config import ConfigError
    from fl_alliance.deployment.statements import Statement

    change = Change[arguments.change.upper()]
    needs = {
        "ADDRESS": (arguments.account is not None, change is not Change.THRESHOLD),
        "--value N": (arguments.value is not None, change in (Change.THRESHOLD, Change.MINT)),
        "--node-key-digest DIGEST": (arguments.node_key_digest is not None, change in (Change.REVOKE, Change.RELEASE)),
    }
    for name, (is_given, is_needed) in needs.items():
        if is_given != is_needed:
            raise ConfigError(f"propose {arguments.change}: {'needs' if is_needed else 'takes no'} {name}")
    value = int.from_bytes(arguments.node_key_digest or b"", "big") or arguments.value or 0
    said = (change, arguments.account or ZERO_ADDRESS, value, not arguments.withdraw)
    verb = "no longer supported by this member" if arguments.withdraw else "supported"
    say(arguments, Statement("judge_change", said), f"{verb}: {arguments.change} {arguments.account or value}")
    return 0
