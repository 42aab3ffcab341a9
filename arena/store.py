"""Content-addressed store: what is asked for by its digest is what has that digest, or an error.

A digest on chain is the sha256 of the content. Each content also has the name that IPFS gives it, so that anybody can
publish it there and find it again by what the lineage says.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fl_alliance.arena.cids import content_cid
from fl_alliance.arena.errors import ContentDamaged, ContentMissing, ContentTooLarge, DigestUnusable
from fl_alliance.arena.shelves import Oversized, Shelf, open_shelf

DIGEST_BYTES = 32
DEFAULT_MOST = 2**30
"""Bytes that `Store.get` reads unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Content:
    """What names a content.

    Attributes
    ----------
    digest : bytes
        Its sha256; what the chain holds.
    cid : str
        Its IPFS CIDv1.
    size : int
        Bytes.
    """

    digest: bytes
    cid: str
    size: int


def name_content(data: bytes) -> Content:
    """Return what names these bytes."""
    return Content(hashlib.sha256(data).digest(), content_cid(data), len(data))


class Store:
    """Contents under their digests on a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    @property
    def place(self) -> str:
        """What to call this store in messages; holds no credentials."""
        return self._shelf.place

    def put(self, data: bytes) -> Content:
        """Keep a content and return its names; a damaged one under its digest is replaced."""
        content = name_content(data)
        if not self._holds(content):
            self._shelf.write(content.digest.hex(), data)
        return content

    def get(self, digest: bytes, most: int = DEFAULT_MOST) -> bytes:
        """Return the content of a digest.

        Parameters
        ----------
        digest : bytes
            sha256 of the content.
        most : int
            Bytes that the caller is ready to hold; no more than one over it is read.

        Raises
        ------
        DigestUnusable
            Not 32 bytes.
        ContentMissing
            Nothing is there, or no regular file.
        ContentTooLarge
            More than `most` bytes are there.
        ContentDamaged
            Something else is there.
        """
        data = self._read(digest, most)
        found = hashlib.sha256(data).digest()
        if found != digest:
            raise ContentDamaged(digest, self.place, f"{len(data)} bytes of digest {found.hex()}")
        return data

    def verify(self, digest: bytes, most: int = DEFAULT_MOST) -> Content:
        """Read a content again and return its names; raises what `get` raises."""
        return name_content(self.get(digest, most))

    def __contains__(self, digest: bytes) -> bool:
        try:
            return self._shelf.read(digest.hex(), most=0) is not None
        except Oversized:
            return True

    def __iter__(self) -> Iterator[bytes]:
        """Return the digests of what is here, in order; other names, and unfinished writes, are passed over."""
        for name in self._shelf.names():
            if len(name) == 2 * DIGEST_BYTES and not set(name) - set("0123456789abcdef"):
                yield bytes.fromhex(name)

    def _holds(self, content: Content) -> bool:
        try:
            self.get(content.digest, content.size)
        except (ContentMissing, ContentDamaged, ContentTooLarge):
            return False
        return True

    def _read(self, digest: bytes, most: int) -> bytes:
        if len(digest) != DIGEST_BYTES:
            raise DigestUnusable(f"{len(digest)} bytes")
        try:
            data = self._shelf.read(digest.hex(), most)
        except Oversized:
            raise ContentTooLarge(digest, self.place, most) from None
        if data is None:
            raise ContentMissing(digest, self.place)
        return data


def open_store(url: str | Path, options: dict[str, Any] | None = None) -> Store:
    """Return the store at a folder, or at a URL that fsspec understands.

    Parameters
    ----------
    url : str or Path
        A path, `file://...`, or for example `s3://bucket/folder` with the package s3fs.
    options : dict, optional
        Passed to fsspec's file system: endpoint, credentials, and so on.

    Raises
    ------
    ExtraMissing
        A URL was given and fsspec is not installed.
    StoreUrlUnusable
        Its scheme is unknown, or the package of its scheme is not installed.
    """
    return Store(open_shelf(str(url), options))
