"""What the commands of a consortium share: its chain, its contract, and how a site says something."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.cli.hospital_key import add_key, key_source

if TYPE_CHECKING:
    from web3 import Web3

    from fl_alliance.chain.sites import SitesView
    from fl_alliance.deployment.statements import Statement


def add_consortium(command: argparse.ArgumentParser) -> None:
    """Add where the consortium is."""
    command.add_argument("--chain", required=True, metavar="URL", help="an endpoint of the chain")
    command.add_argument("--sites", required=True, metavar="ADDRESS", help="the consortium's contract")


def add_saying(command: argparse.ArgumentParser) -> None:
    """Add where the consortium is, whose key speaks, and whether it sends itself."""
    add_consortium(command)
    add_key(command)
    command.add_argument("--sign-only", type=Path, metavar="FILE", help="sign into a new file, for somebody to relay")


@contextmanager
def consortium(arguments: argparse.Namespace) -> Iterator[tuple["Web3", "SitesView"]]:
    """Connect to the chain and the contract."""
    from fl_alliance.chain.connect import connected
    from fl_alliance.chain.rpc import Rpc
    from fl_alliance.chain.sites import SitesView
    from fl_alliance.config import ConfigError

    with connected(arguments.chain) as w3:
        try:
            view = SitesView(Rpc(w3), arguments.sites)
        except ValueError as error:
            raise ConfigError(f"--sites {arguments.sites}: {error}") from error
        if not Rpc(w3).bytes("eth_getCode", view.address, "latest"):
            raise ConfigError(f"--sites {arguments.sites}: no contract is there, on {arguments.chain}")
        yield w3, view


def say(arguments: argparse.Namespace, statement: "Statement", done: str) -> None:
    """Send a statement as the key's own account, or sign it into a file."""
    from fl_alliance.chain.sender import Sender
    from fl_alliance.chain.sites import Sites

    key = key_source(arguments).open()
    with consortium(arguments) as (w3, view):
        sender = Sender(w3, key)
        if arguments.sign_only is None:
            statement.send(Sites(sender, view.address))
            print(done)
            return
        statement.sign(key, view, sender.rpc.second()).save(arguments.sign_only)
        print(f"{arguments.sign_only}: for anybody with gas to send (fl-alliance sites relay); {done}, once it is")


def digest(text: str) -> bytes:
    """Return 32 bytes given in hex, for argparse."""
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise argparse.ArgumentTypeError(f"{text!r}: needs 64 hex digits")
    return found


def add_bundle(command: argparse.ArgumentParser) -> None:
    """Add what a bundle is named by: a task on the chain, or two digests."""
    command.add_argument("--task", type=int, metavar="N", help="the pair that this task pins; needs --manifest")
    command.add_argument("--manifest", type=Path, metavar="FILE", help="where the task's contracts are")
    command.add_argument("--code", type=digest, metavar="DIGEST", help="instead: the code's digest, 64 hex digits")
    command.add_argument("--config", type=digest, metavar="DIGEST", help="and that of its settings")


def bundle(arguments: argparse.Namespace, w3: "Web3") -> tuple[bytes, bytes]:
    """Return the pair of digests that is meant; raises `ConfigError` where none is named, or two are."""
    from fl_alliance.chain import calls
    from fl_alliance.chain.bound import ContractReader
    from fl_alliance.chain.deploy import Deployment
    from fl_alliance.chain.rpc import Rpc
    from fl_alliance.config import ConfigError

    by_task = arguments.task is not None and arguments.manifest is not None
    by_digest = arguments.code is not None and arguments.config is not None
    if by_task == by_digest:
        raise ConfigError("the bundle: needs --task N and --manifest FILE, or --code DIGEST and --config DIGEST")
    if by_digest:
        return arguments.code, arguments.config
    deployment = Deployment.load(arguments.manifest)
    deployment.check(Rpc(w3))
    found = ContractReader(Rpc(w3), deployment.contract, deployment.alliance).read("params", arguments.task)
    params = calls.read_params(found)
    return params.code_digest, params.config_digest
