"""The coordinator's receipts at a hospital: `taken/00012-proposal.json` in its home, to be shown where it is accused.

They are not checked when they come: a receipt that its coordinator has not signed accuses nobody.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flwr.app import ConfigRecord

from fl_alliance.chain import strict_json
from fl_alliance.chain.rules.evidence import MEMBERS, Kind
from fl_alliance.chain.statements import Receipt
from fl_alliance.records import FolderError, write_whole
from fl_alliance.strategies import wire
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.wire import Place

FOLDER = "taken"
_KINDS = (Kind.PROPOSAL, Kind.VOTE)
_LAST_ROUND, _MOST = 65_535, 64


@dataclass(frozen=True, slots=True)
class Taken:
    """A receipt with its signature."""

    receipt: Receipt
    signature: bytes


def keep(home: Path, record: ConfigRecord, place: Place) -> None:
    """Write the receipts that a message carried, each once; what is none, or of no round until `place`, is left out."""
    folder = home / FOLDER
    for taken in _read(record):
        said = taken.receipt
        path = folder / f"{said.round:05}-{said.kind.name.lower()}.json"
        if said.task == place.task and said.round <= place.round and not path.exists():
            folder.mkdir(exist_ok=True)
            write_whole(path, _encode(taken))


def kept(folder: Path) -> Iterator[Taken]:
    """Yield the receipts in a folder, by round.

    Raises
    ------
    FolderError
        A file is none.
    """
    for path in sorted(folder.glob("*.json")):
        try:
            content = strict_json.parse(path.read_bytes())
            value, signature = bytes.fromhex(content["value"]), bytes.fromhex(content["signature"])
            receipt = Receipt(content["task"], content["round"], Kind(content["kind"]), content["member"], value)
            yield Taken(_required(receipt), signature)
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as broken:
            raise FolderError(f"{path}: {broken}; needed a coordinator's receipt") from broken


def _read(record: ConfigRecord) -> list[Taken]:
    """Return what in a record is a receipt."""
    try:
        task, member = wire.integer(record, "task"), wire.integer(record, "member")
        rounds, kinds = wire.integers(record, "rounds"), wire.integers(record, "kinds")
        values, signatures = _digests(record, "values", 32), _digests(record, "signatures", 64)
        if len(rounds) > _MOST:
            return []
        signed = zip(rounds, kinds, values, signatures, strict=True)
        return [
            Taken(_required(Receipt(task, number, Kind(kind), member, value)), signature)
            for number, kind, value, signature in signed
        ]
    except (BadReply, ValueError):
        return []


def _digests(record: ConfigRecord, name: str, size: int) -> list[bytes]:
    found = record.get(name)
    digests = [one for one in found if isinstance(one, bytes) and len(one) == size] if isinstance(found, list) else []
    if not isinstance(found, list) or len(digests) != len(found):
        raise ValueError(f"{name}: needs a list of {size} bytes each")
    return digests


def _required(receipt: Receipt) -> Receipt:
    """Return a receipt that can be one; raises ValueError of another."""
    is_one = 0 < receipt.round <= _LAST_ROUND and receipt.kind in _KINDS and 0 <= receipt.member < MEMBERS
    if not is_one or len(receipt.value) != 32 or not 0 < receipt.task < 2**63:
        raise ValueError("no round, member or digest that can be one")
    return receipt


def _encode(taken: Taken) -> bytes:
    said = taken.receipt
    content = {
        "task": said.task,
        "round": said.round,
        "kind": int(said.kind),
        "member": said.member,
        "value": said.value.hex(),
        "signature": taken.signature.hex(),
    }
    return json.dumps(content).encode() + b"\n"
