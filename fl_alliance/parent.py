"""What a run starts from: the workload's own first model, or the winner of an Arena task, kept with its lineage.

A winner lies in the run folder byte for byte as it was submitted, so its sha256 is the digest that the Arena holds, and
the digest of its arrays is the `initial_model` that the Alliance task pins. A resume and an audit need no market.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from fl_alliance import workloads
from fl_alliance.arena.card import LINEAGE, parse_lineage, write_card
from fl_alliance.arena.errors import LineageUnreadable, SubmissionRefused
from fl_alliance.arena.files import read_regular, write_whole
from fl_alliance.config import JobConfig
from fl_alliance.folders import FolderError
from fl_alliance.learners import network_kind
from fl_alliance.records import RunFolder
from fl_alliance.validation import arena_task
from fl_alliance.winner import Winner, fetch_winner
from fl_alliance.workloads.base import Arrays

_MOST_LINEAGE_BYTES = 2**20
_TOLD = ("task", "kind", "node", "day", "digest", "cid", "loss", "loss_unit")


@dataclass(frozen=True, slots=True)
class Parent:
    """The model that a run starts from where that is not the workload's own."""

    winner: Winner
    arrays: Arrays

    def keep(self, folder: RunFolder) -> None:
        """Write the model, its lineage and its card, each whole or not at all."""
        write_whole(folder.parent_model, self.winner.artifact)
        write_card(folder.parent, self.winner.lineage)


def find_parent(config: JobConfig, folder: RunFolder) -> Parent | None:
    """Return what the run starts from, from its folder or else from the market; None: the workload's own first model.

    Raises
    ------
    FolderError
        What the folder keeps is damaged, or no model of this run.
    ConfigError, ChainError, ArenaError
        The task has no winner that this run could start from (`fetch_winner`).
    """
    task = arena_task(config.init)
    if task is None:
        return None
    if not (folder.parent / LINEAGE).is_file():  # which is written last
        winner = fetch_winner(config, task)
        return Parent(winner, _arrays(config, winner))
    return kept_parent(config, folder)


def kept_parent(config: JobConfig, folder: RunFolder) -> Parent:
    """Return the winner that a run folder keeps; raises `FolderError` where it is missing or another."""
    try:
        lineage = parse_lineage(read_regular(folder.parent / LINEAGE, _MOST_LINEAGE_BYTES).decode())
        kind = network_kind(lineage.kind, config.workload.name, **config.workload.options)
        artifact = read_regular(folder.parent_model, kind.limits.file_bytes)
        found = hashlib.sha256(artifact).hexdigest()
        if found != lineage.digest:
            raise FolderError(f"{folder.parent_model}: has digest {found}, its lineage says {lineage.digest}")
        return Parent(Winner(artifact, lineage), kind.load(artifact))
    except (OSError, UnicodeDecodeError, LineageUnreadable, SubmissionRefused, workloads.WorkloadError) as error:
        raise FolderError(f"{folder.parent}: the model that the run starts from cannot be read: {error}") from error


def first_model(config: JobConfig, folder: RunFolder) -> Arrays:
    """Return the model of round 0 of a run whose folder was prepared; raises as `kept_parent`."""
    if arena_task(config.init) is not None:
        return kept_parent(config, folder).arrays
    return workloads.get(config.workload.name, **config.workload.options).initial_arrays(config.seed)


def about_parent(folder: RunFolder) -> dict[str, Any]:
    """Return what `deployment.json` says of a kept winner, nothing where there is none; raises `FolderError`."""
    path = folder.parent / LINEAGE
    if not path.is_file():
        return {}
    try:
        lineage = parse_lineage(read_regular(path, _MOST_LINEAGE_BYTES).decode())
    except (OSError, UnicodeDecodeError, LineageUnreadable, SubmissionRefused) as error:
        raise FolderError(f"{path}: {error}") from error
    return {"parent": {name: getattr(lineage, name) for name in _TOLD}}


def _arrays(config: JobConfig, winner: Winner) -> Arrays:
    kind = network_kind(winner.lineage.kind, config.workload.name, **config.workload.options)
    return kind.load(winner.artifact)
