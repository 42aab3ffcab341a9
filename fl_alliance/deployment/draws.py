"""The draw of a round as the hospital's own endpoint of the chain has it, for its node to compare with what it is told.

A coordinator that could invent a draw would group a hospital's masked update with accounts of its own and read it. So
`fl-alliance join`, which follows the chain, leaves the draw in the hospital's folder, and the node hides nothing among
others than those.
"""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fl_alliance.chain import strict_json
from fl_alliance.chain.replay import TaskModel
from fl_alliance.deployment.terms import NotAgreed
from fl_alliance.records import write_whole

FILE = "draw.json"
WAIT_S = 30.0
"""How long a node that is asked waits for its hospital to have seen the draw on chain."""
_POLL_S = 0.2


def note_draw(home: Path, model: TaskModel) -> None:
    """Write down who proposes in the current round and which seed drew them, where that is not there already."""
    committee = model.committee
    if not committee.seed:
        return
    proposers = {str(member): model.roster.nodes[member].address for member in committee.proposers}
    draw = {"round": committee.number, "seed": committee.seed.hex(), "proposers": proposers}
    if _noted(home) != draw:
        write_whole(home / FILE, json.dumps(draw, indent=1).encode())


def require_draw(
    home: Path,
    number: int,
    seed: bytes,
    members: Mapping[int, str],
    *,
    wait_s: float = WAIT_S,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Refuse a draw that the hospital has not seen on chain.

    Parameters
    ----------
    number : int
        Of the round.
    seed : bytes
        That is said to have drawn the proposers.
    members : mapping of int to str
        The proposers that are named: roster index -> address.

    Raises
    ------
    NotAgreed
        The chain has another draw, or `wait_s` seconds passed without one of this round.
    """
    end = clock() + wait_s
    while (noted := _noted(home)) is None or int(noted["round"]) < number:
        if clock() >= end:
            raise NotAgreed(f"round {number}: the hospital's own chain endpoint has shown no draw of it yet")
        pause(_POLL_S)
    told = {"round": number, "seed": seed.hex(), "proposers": {str(m): members[m] for m in sorted(members)}}
    if told != noted:
        raise NotAgreed(f"round {number}: was told of another draw of proposers than the chain has")


def _noted(home: Path) -> dict[str, Any] | None:
    try:
        noted: Any = strict_json.parse((home / FILE).read_bytes())
    except (OSError, ValueError):
        return None  # a file that says nothing is one that is yet to be written
    is_draw = isinstance(noted, dict) and noted.keys() == {"round", "seed", "proposers"} and type(noted["round"]) is int
    return noted if is_draw else None
