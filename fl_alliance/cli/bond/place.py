"""Where a run's bond is: which folder, which chain, which task; the same arguments for every command of the group."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fl_alliance.folders import FolderError, open_folder
from fl_alliance.records import RunFolder

if TYPE_CHECKING:
    from web3 import Web3

    from fl_alliance.chain.deploy import Deployment


@dataclass(frozen=True, slots=True)
class Place:
    """A run's task on a chain that is open."""

    folder: RunFolder
    w3: "Web3"
    deployment: "Deployment"
    task: int


def add_place(command: argparse.ArgumentParser) -> None:
    """Add the arguments that say which run and which chain."""
    command.add_argument("run", metavar="RUN", help="a run folder, or run/ of an unpacked archive")
    command.add_argument(
        "--chain", metavar="URL", help="an endpoint of its chain (default: the chain file in the folder)"
    )


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Place]:
    """Open the chain of a run with a bond.

    Raises
    ------
    FolderError
        There is no run, no chain, or no bond in what the folder names.
    ChainError
        The chain is another, or cannot be reached.
    """
    from fl_alliance.bookkeeping import task_begun
    from fl_alliance.chain.connect import connected
    from fl_alliance.chain.deploy import Deployment

    folder = open_folder(arguments.run)
    if not arguments.chain and not folder.chain.is_file():
        raise FolderError(f"{folder.chain}: no chain file; needed --chain URL")
    task = task_begun(folder)
    deployment = Deployment.load(folder.manifest)
    if not deployment.has_evidence:
        raise FolderError(f"{folder.root}: the run has no bond (alliance.bond=0)")
    with connected(arguments.chain or f"file://{folder.chain.resolve()}", chain_id=deployment.chain_id) as w3:
        yield Place(folder, w3, deployment, task)
