"""Documents as their contributors and judges have them."""

from pathlib import Path

from fl_alliance.arena.errors import ArenaError
from fl_alliance.arena.files import read_regular
from fl_alliance.arena.store import Store
from fl_alliance.chain.documents import Document, DocumentsView
from fl_alliance.marketplace.errors import SourceUnusable
from fl_alliance.marketplace.knowledge import MOST_DOCUMENT_BYTES
from fl_alliance.marketplace.lineage import printable


def read_document(files: list[str]) -> bytes:
    """Return the one document that words name; raises `SourceUnusable`."""
    if len(files) != 1:
        raise SourceUnusable(f"given {len(files)} files, needed one")
    try:
        content = read_regular(Path(files[0]).expanduser(), MOST_DOCUMENT_BYTES)
        is_empty = not content.decode().strip()
    except (OSError, ArenaError, UnicodeDecodeError) as error:
        raise SourceUnusable(f"{files[0]}: {error}; needed a text in UTF-8 of a megabyte at most") from None
    if is_empty:
        raise SourceUnusable(f"{files[0]}: is empty, needed a text")
    return content


def untaken(documents: DocumentsView, contributor: str) -> dict[int, int]:
    """Return a contributor's documents that have a part, in wei, of what was shared out and not taken yet."""
    numbers = range(1, documents.count + 1)
    mine = [each for each in numbers if documents.document(each).contributor == contributor]
    return {each: wei for each in mine if (wei := documents.untaken_wei(each))}


def shown(store: Store, document: Document, most: int = 2_000) -> str:
    """Return the beginning of a document's text, without what a terminal would obey; why not, where there is none."""
    try:
        return printable(store.get(document.digest, MOST_DOCUMENT_BYTES).decode())[:most]
    except (ArenaError, UnicodeDecodeError) as error:
        return f"(not to be shown: {error})"
