"""`fl-alliance sites status`: who belongs to a consortium, and what it says of a site or a bundle."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.sites.common import add_bundle, add_consortium, bundle, consortium

if TYPE_CHECKING:
    from fl_alliance.chain.sites import SitesView

_EPILOG = """\
--identities takes the folder of that name beside a run and checks each file in it: that the SuperNode's key signed
whose it is, and that the chain has it of the same account. Exit code 1 where one is not so.

examples:
  fl-alliance sites status --chain http://127.0.0.1:8545 --sites 0x...
  fl-alliance sites status --chain http://127.0.0.1:8545 --sites 0x... --task 1 --manifest manifest.json
  fl-alliance sites status --chain http://127.0.0.1:8545 --sites 0x... --identities runs/task/identities
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser(
        "sites status", "Show a consortium, its members' keys, and who approves a bundle.", _EPILOG
    )
    add_consortium(command)
    add_bundle(command)
    command.add_argument("--site", action="append", default=[], metavar="ADDRESS", help="a site that is no member")
    command.add_argument("--identities", type=Path, metavar="DIR", help="what SuperNodes signed, beside a run")
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
        return 0 if arguments.identities is None or _are_good(arguments.identities, view) else 1


def _are_good(folder: Path, view: "SitesView") -> bool:
    """Print what each kept statement shows, and say whether all are good."""
    from fl_alliance.deployment.bindings import Bindings

    found = list(Bindings(folder).checked(view))
    for words, is_good in found:
        print(f"{'good' if is_good else 'BAD '}  {words}")
    return all(is_good for _, is_good in found)
