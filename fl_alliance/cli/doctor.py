"""`fl-alliance doctor`: whether a site can join, and what to do where it cannot."""

import argparse
import json

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.join import add_wish, wish_of

_EPILOG = """\
It takes what `fl-alliance join` takes and checks it, without signing, sending or writing anything: the account's and
the SuperNode's keys, the manifest, the chain and its contracts, the task, the version of the code that it pins, the
stake, this machine's clock beside the chain's and the SuperLink's, the SuperLink's certificate, the data, and the disk.
With --config, the coordinator's config.yaml (or one beside the manifest), also that the settings are those that the
task pins, what privacy they promise next to what the policy asks for, and the data by them.

Each line says ok, wrong or unknown (what it needs is wrong already), what was found, and behind -> what to do.
Exit code 1 where something is wrong.

examples:
  fl-alliance doctor 1 --manifest manifest.json --chain http://127.0.0.1:8545 --superlink link.example.org:9092 \\\\
      --root-certificates ca.pem --node-key node-key --data exports --stake 100 --keystore keystore.json
  fl-alliance doctor 1 ... --json                       for tools
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("doctor", "Check a site before it joins.", _EPILOG)
    add_wish(command)
    command.add_argument("--json", action="store_true", help="print the findings as JSON")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Print what is found."""
    from fl_alliance.deployment.doctor import Site, State, examine

    findings = []
    for finding in examine(Site(wish_of(arguments))):
        findings.append(finding)
        if not arguments.json:
            print(finding.line, flush=True)
    is_well = not any(finding.state is State.WRONG for finding in findings)
    if arguments.json:
        print(json.dumps({"ok": is_well, "checks": [finding.as_json() for finding in findings]}, indent=1))
    return 0 if is_well else 1
