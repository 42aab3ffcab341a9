"""`fl-alliance join`: what a hospital leaves running to take part in a task."""

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.hospital_key import add_key, key_source

if TYPE_CHECKING:
    from fl_alliance.deployment.joining import Wish

_EPILOG = """\
The coordinator names the task, publishes the manifest and its authority's certificate, and says where its SuperLink is.
The hospital brings its own endpoint of the chain; its data, a folder with an export of a glucose sensor per patient, or
its number among the sites of a workload's shipped data; its SuperNode's key, whose public half the coordinator has; and
its account's key: a keystore, whose password is in a file or asked for, or an environment variable (64 hex digits,
or the path of a keystore whose password is in the variable of the same name with _PASSWORD behind it). The account's
key stays in this process: those that Flower starts have it neither in their memory nor in their environment.

With the coordinator's config.yaml (--config, or beside the manifest) it is said in plain words what privacy the task
promises, next to what the policy (--policy) asks for.

First the chain is looked at: that the contracts are ours, that the task is open for registration or this hospital is in
it, and that it pins this version of fl-alliance. Then it is said what will be staked and on what terms. The node signs
for this one task, with at most this stake, under the settings that the task pins, and nothing else. What it has signed
is on disk, in --home, before it leaves this machine.

It keeps a flower-supernode running, starts it again when it ends, and says in plain words what each round came to.
After a crash, or kill -9, the same command goes on. Ctrl-C stops it; the stake stays in the task until that is over.
Without TLS it connects to a SuperLink on this machine only (a tunnel's end, for example).

examples:
  fl-alliance join 1 --manifest runs/task/manifest.json --chain http://127.0.0.1:8545 \\
      --superlink 127.0.0.1:9092 --site 0 --stake 100 --key-env HOSPITAL_KEY
  fl-alliance join 1 --manifest manifest.json --chain http://127.0.0.1:8545 --superlink link.example.org:9092 \\
      --root-certificates ca.pem --node-key node-key --data exports --stake 100 --keystore keystore.json
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser("join", "Take part in a task as a hospital, until it is paid out.", _EPILOG)
    add_wish(command)
    return command


def add_wish(command: argparse.ArgumentParser) -> None:
    """Add what a hospital says when it joins."""
    command.add_argument("task", type=int, metavar="TASK", help="the task's number on the chain")
    command.add_argument("--manifest", type=Path, required=True, metavar="FILE", help="where the contracts are")
    command.add_argument("--chain", required=True, metavar="URL", help="this hospital's endpoint of the chain")
    command.add_argument("--superlink", required=True, metavar="HOST:PORT", help="the coordinator's SuperLink")
    command.add_argument("--data", type=Path, metavar="DIR", help="this hospital's own data, a CSV file per patient")
    command.add_argument("--site", type=int, metavar="N", help="instead: its part of the workload's data, from 0")
    command.add_argument("--stake", required=True, metavar="FML", help="the most that this hospital stakes")
    add_key(command)
    command.add_argument("--home", type=Path, metavar="DIR", help="its folder (default: hospital-N, or hospital)")
    command.add_argument("--root-certificates", type=Path, metavar="FILE", help="of the SuperLink, for TLS")
    command.add_argument("--policy", type=Path, metavar="FILE", help="what the node may do (fl-alliance policy init)")
    command.add_argument(
        "--config", type=Path, metavar="FILE", help="the task's settings (default: beside the manifest)"
    )
    command.add_argument("--sites", default="", metavar="ADDRESS", help="the consortium's contract that it trusts")
    command.add_argument("--node-key", type=Path, metavar="FILE", help="private key of its SuperNode")


def wish_of(arguments: argparse.Namespace) -> "Wish":
    """Return what the hospital says."""
    from fl_alliance.deployment.joining import Wish

    return Wish(
        task=arguments.task,
        manifest=arguments.manifest,
        chain=arguments.chain,
        superlink=arguments.superlink,
        site=arguments.site,
        stake=arguments.stake,
        key=key_source(arguments),
        home=arguments.home or Path("hospital" if arguments.site is None else f"hospital-{arguments.site}"),
        certificates=arguments.root_certificates,
        policy=arguments.policy,
        node_key=arguments.node_key,
        data=arguments.data,
        sites=arguments.sites,
        config=arguments.config,
    )


def execute(arguments: argparse.Namespace) -> int:
    """Take part until the payout, or until Ctrl-C or SIGTERM."""
    from fl_alliance.deployment.joining import join

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        join(wish_of(arguments), say=_say)
    except KeyboardInterrupt:
        print("fl-alliance join: stopped; the stake stays in the task, the same command goes on", file=sys.stderr)
        return 130
    return 0


def _say(words: str) -> None:
    print(words, flush=True)
