"""What a site says to its consortium's contract: sent by itself, or signed into a file that anybody with gas sends."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from fl_alliance.chain import strict_json
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.sender import Receipt
from fl_alliance.chain.sites import Pen, Sites, SitesView
from fl_alliance.chain.vouchers import Change, Voucher
from fl_alliance.folders import FolderError

VALID_S = 7 * 86_400
"""Seconds of chain time for which a signed statement counts."""
_KINDS: dict[str, tuple[str, ...]] = {
    "bind": ("digest", "digest", "digest"),
    "revoke": ("digest",),
    "judge_bundle": ("digest", "digest", "flag"),
    "judge_change": ("change", "account", "number", "flag"),
    "anchor": ("digest", "number"),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One call of `Sites` by its name and arguments, which `Pen` signs under the same name."""

    name: str
    args: tuple[Any, ...]

    def send(self, sites: Sites, by: Voucher | None = None) -> Receipt:
        """Say it for whoever signed, or as oneself; raises as the call does."""
        return getattr(sites, self.name)(*self.args, by=by)  # type: ignore[no-any-return]

    def sign(self, key: NodeKey, view: SitesView, now: int) -> "Signed":
        """Return it signed, to count for `VALID_S` from second `now`."""
        pen = Pen(key, key.address, view, now + VALID_S)
        voucher: Voucher = getattr(pen, self.name)(*self.args)
        return Signed(self, voucher, view.address)


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement with its site's signature, for the contract at `sites`; nothing of it is secret."""

    statement: Statement
    voucher: Voucher
    sites: str

    def save(self, path: Path) -> None:
        """Write it into a new file; raises `FolderError` where there is one already."""
        shown = [value.hex() if isinstance(value, bytes) else value for value in self.statement.args]
        content = {
            "sites": self.sites,
            "says": self.statement.name,
            "what": shown,
            "site": self.voucher.actor,
            "until": self.voucher.deadline,
            "signature": self.voucher.signature.hex(),
        }
        try:
            with path.open("x") as file:
                file.write(json.dumps(content, indent=1) + "\n")
        except OSError as error:
            raise FolderError(f"{path}: {error.strerror}; needed a new file") from error

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read one; raises `FolderError` where there is none."""
        try:
            found = strict_json.parse(path.read_bytes())
            kinds = _KINDS[found["says"]]
            args = tuple(_read(kind, value) for kind, value in zip(kinds, found["what"], strict=True))
            voucher = Voucher(str(found["site"]), int(found["until"]), _bytes(found["signature"], 64))
            return cls(Statement(found["says"], args), voucher, str(found["sites"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FolderError(f"{path}: {error}; needed what fl-alliance sites ... --sign-only writes") from error


def _read(kind: str, value: Any) -> Any:
    if kind == "digest":
        return _bytes(value, 32)
    if kind == "flag":
        if not isinstance(value, bool):
            raise ValueError(f"{value!r}, needed true or false")
        return value
    if kind == "account":
        return str(value)
    number = int(value)
    return Change(number) if kind == "change" else number


def _bytes(value: Any, length: int) -> bytes:
    found = bytes.fromhex(str(value))
    if len(found) != length:
        raise ValueError(f"{len(found)} bytes, needed {length}")
    return found
