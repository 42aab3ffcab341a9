"""The address book: names for accounts, tasks and models, which its owner alone writes, by a command."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fl_alliance.agent.errors import BookRefused, StateDamaged
from fl_alliance.agent.guards.phrasebook import is_reserved
from fl_alliance.agent.tools import Kind
from fl_alliance.arena.files import write_whole
from fl_alliance.chain import strict_json
from fl_alliance.chain.messages import checksum

FILE = "address-book.json"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_ALIKE = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"), ("8", "b"), ("_", "-"))
"""What one takes for another when reading quickly."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a name stands for.

    Attributes
    ----------
    kind : Kind
        ACCOUNT, TASK or MODEL.
    value : str or int
        A checksummed address, or a number on the chain.
    url : str
        Where a model answers; empty where that is not known.
    """

    kind: Kind
    value: str | int
    url: str = ""


@dataclass
class Book:
    """Names in small letters -> what they stand for; written back by `save`."""

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Book":
        """Return the book in a file, an empty one where there is none; raises `StateDamaged`."""
        if not path.is_file():
            return cls(path)
        book = cls(path)
        try:
            for name, entry in strict_json.parse(path.read_bytes()).items():
                book.add(name, str(entry["is"]), str(entry.get("url", "")))
        except (ValueError, KeyError, TypeError, AttributeError, BookRefused) as error:
            raise StateDamaged(str(path), f"{type(error).__name__}: {error}") from None
        return book

    def save(self) -> None:
        """Write the book, whole or not at all."""
        content = {name: _written(entry) for name, entry in sorted(self.entries.items())}
        write_whole(self.path, json.dumps(content, indent=2).encode() + b"\n")

    def add(self, name: str, what: str, url: str = "") -> None:
        """Add a name, or give it another meaning.

        Parameters
        ----------
        what : str
            An address, `task:NUMBER` or `model:NUMBER`.
        url : str
            Where a model answers, http(s).

        Raises
        ------
        BookRefused
            The name is none, is a word of the agent's, or looks like another one; or it stands for nothing.
        """
        small = name.lower()
        if not _NAME.fullmatch(small):
            raise BookRefused(f"{name!r}: needs 1 to 31 of the letters a to z, digits, - and _, a letter first")
        if is_reserved(small):
            raise BookRefused(f"{name!r}: is a word that commands are made of; needs another name")
        for known in self.entries:
            if known != small and _skeleton(known) == _skeleton(small):
                raise BookRefused(f"{name!r}: looks like {known!r}, which is there; needs a name to tell apart from it")
        self.entries[small] = _entry(name, what, url)

    def remove(self, name: str) -> None:
        """Take a name out; raises `BookRefused` where it is not there."""
        if self.entries.pop(name.lower(), None) is None:
            raise BookRefused(f"{name!r}: is not in the book; there are {', '.join(sorted(self.entries)) or 'none'}")

    def find(self, name: str) -> Entry | None:
        """Return what a name stands for, None where it is none; capitals do not matter."""
        return self.entries.get(name.lower()) if name.isascii() else None

    def name_of(self, kind: Kind, value: str | int) -> str:
        """Return the name of an account, task or model, empty where it has none."""
        return next((n for n, entry in sorted(self.entries.items()) if (entry.kind, entry.value) == (kind, value)), "")

    def url_of(self, model: int) -> str:
        """Return where a model answers, empty where no entry says."""
        wanted = (entry.url for entry in self.entries.values() if (entry.kind, entry.value) == (Kind.MODEL, model))
        return next((url for url in wanted if url), "")

    def impersonated(self, address: str) -> str:
        """Return whose address begins and ends like this one without being it, empty where nobody's does."""
        accounts = [(name, str(e.value)) for name, e in sorted(self.entries.items()) if e.kind is Kind.ACCOUNT]
        if any(known == address for _, known in accounts):
            return ""
        return next((name for name, known in accounts if _ends(known) == _ends(address)), "")


def _entry(name: str, what: str, url: str) -> Entry:
    head, colon, number = what.partition(":")
    if colon and head in (Kind.TASK, Kind.MODEL) and _NUMBER.fullmatch(number):
        if url and (head != Kind.MODEL or not _is_plain(url)):
            raise BookRefused(f"{name!r}: needs an http(s) URL without a user, a password or a query, of a model")
        return Entry(Kind(head), int(number), url)
    if not what.startswith("0x") or url:
        raise BookRefused(f"{name!r}: given {what!r}, needed an address, task:NUMBER or model:NUMBER [URL]")
    try:
        return Entry(Kind.ACCOUNT, strict_address(what))
    except ValueError as error:
        raise BookRefused(f"{name!r}: {error}") from None


def _is_plain(url: str) -> bool:
    """Return whether a URL holds no secret: it is shown, and kept in a file."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_secret = parts.username or parts.password or parts.query
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not is_secret


def strict_address(text: str) -> str:
    """Return an address with its checksum; raises `ValueError` where it is none, or its checksum is of another one."""
    if not re.fullmatch("0x[0-9a-fA-F]{40}", text, re.ASCII):
        raise ValueError(f"{text[:50]} is no address: needs 0x and 40 hex digits")
    found = checksum(text)
    if text != found and text[2:] not in (text[2:].lower(), text[2:].upper()):
        raise ValueError(f"{text} has a wrong checksum: a character of it was changed or mistyped")
    return found


def _written(entry: Entry) -> Mapping[str, Any]:
    what = entry.value if entry.kind is Kind.ACCOUNT else f"{entry.kind}:{entry.value}"
    return {"is": what} | ({"url": entry.url} if entry.url else {})


def _skeleton(name: str) -> str:
    for seen, read in _ALIKE:
        name = name.replace(seen, read)
    return name


def _ends(address: str) -> tuple[str, str]:
    return address[2:6].lower(), address[-4:].lower()
