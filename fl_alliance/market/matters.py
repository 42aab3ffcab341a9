"""Folders of matters that are done once each time they are asked for: a task created, an amount delegated.

Asked for the same again, a person means another one, unless the last was killed before it was done: then it goes on.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from fl_alliance.arena.files import write_whole
from fl_alliance.chain import strict_json
from fl_alliance.market.place import Place

CREATION, DELEGATION = "creation", "delegation"
_ASKED, _DONE = "asked", "done"


def begin(place: Place, matter: str, asked: Mapping[str, Any]) -> Path:
    """Return the folder of a new matter of this account, or of the same one that was not finished.

    Parameters
    ----------
    matter : str
        `CREATION` or `DELEGATION`.
    asked : mapping
        What was asked for, as JSON carries it.
    """
    digest = sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    number = 1
    while (folder := _folder(place, matter, number)).exists():
        if not (folder / _DONE).exists() and _read(folder / _ASKED) in (digest, ""):
            break
        number += 1
    write_whole(folder / _ASKED, digest.encode())
    return folder


def finish(folder: Path) -> None:
    """Note that a matter is done and was told."""
    write_whole(folder / _DONE, b"")


def creation_of(place: Place, task: int) -> Path | None:
    """Return the folder that this account created a task in; None where it did not, or not on this machine."""
    number = 1
    while (folder := _folder(place, CREATION, number)).exists():
        if _created(folder) == task:
            return folder
        number += 1
    return None


def _folder(place: Place, matter: str, number: int) -> Path:
    return place.state / f"{matter}-{place.me.lower()}-{number}"


def _created(folder: Path) -> int | None:
    """Return the number of the task that was created here; the creator's journal has it."""
    try:
        found = strict_json.parse(_read(folder / f"{CREATION}.json"))
    except ValueError:
        return None
    return found.get("task") if isinstance(found, dict) else None


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
