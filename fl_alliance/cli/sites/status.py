"""`fl-alliance sites status`: who belongs to a consortium, and what it says of a site or a bundle."""

import argparse

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.sites.common import add_bundle, add_consortium, bundle, consortium


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("sites status", "Show a consortium, its members' keys, and who approves a bundle.", "")
    add_consortium(command)
    add_bundle(command)
    command.add_argument("--site", action="append", default=[], metavar="ADDRESS", help="a site that is no member")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print it."""
    with consortium(arguments) as (w3, view):
        members = view.members
        print(f"consortium {view.address}: {len(members)} members, of whom {view.threshold} must agree")
        for site in (*members, *arguments.site):
            binding, log = view.binding(site), view.anchored(site)
            key = f"SuperNode key {binding.key.hex()} (its {binding.revision}.)" if any(binding.key) else "no key bound"
            anchored = f"; log of {log.length} entries, head {log.head.hex()}" if log.length else ""
            print(f"  {site}{'' if site in members else ' (no member)'}: {key}{anchored}")
        if arguments.task is not None or arguments.code is not None:
            code, config = bundle(arguments, w3)
            yes = view.approvals(code, config)
            verdict = "approved" if view.is_approved(code, config) else f"not approved, {view.threshold} are needed"
            print(f"code {code.hex()} under settings {config.hex()}: {verdict}; {len(yes)} approve it")
            for member in yes:
                print(f"  {member}")
    return 0
