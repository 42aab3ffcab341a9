"""A model's knowledge base: accepted documents, cut into passages, found by BM25 (SQLite's FTS5).

Only what the chain says is accepted gets in, and only with the bytes that it names. The file is a cache: all of it
comes from chain and store, and it may be deleted.
"""

import re
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fl_alliance.arena.errors import ArenaError
from fl_alliance.arena.store import Store

MOST_DOCUMENT_BYTES = 2**20
PASSAGE_CHARS = 700
MOST_TERMS = 24
_SAY_NOTHING = """
a about an and are as at be but by can could did do does for from had has have he her how i if in into is it its
me my no not of on or our should so some than that the their them there these they this to us was we were what
when where which who why will with would you your please tell know
"""
_STOP = frozenset(_SAY_NOTHING.split())
_WORD = re.compile(r"\w+")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS held (model INTEGER, document INTEGER, PRIMARY KEY (model, document)) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS passages USING fts5(
    text, model UNINDEXED, document UNINDEXED, tokenize = 'porter unicode61');
"""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an accepted document, by its number."""

    document: int
    text: str


class Knowledge:
    """The knowledge bases of a gateway's models, in one file.

    Parameters
    ----------
    path : Path
        The file; made where missing.
    store : Store
        Where the documents are.
    """

    def __init__(self, path: Path, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def sync(self, model: int, accepted: Mapping[bytes, int], tell: Callable[[str], None]) -> None:
        """Take in what was accepted since the last time, digest -> number of a document, and drop what is so no more.

        A document that the store lacks, or that is no text, is told of and tried again the next time.
        """
        with self._lock, self._db:
            held = {row[0] for row in self._db.execute("SELECT document FROM held WHERE model = ?", (model,))}
            for document in held.difference(accepted.values()):
                for table in ("passages", "held"):
                    self._db.execute(f"DELETE FROM {table} WHERE model = ? AND document = ?", (model, document))  # noqa: S608
            for digest, document in accepted.items():
                if document in held:
                    continue
                try:
                    text = self._store.get(digest, MOST_DOCUMENT_BYTES).decode()
                except (ArenaError, UnicodeDecodeError) as error:
                    tell(f"document {document} is left out: {error}")
                    continue
                rows = [(passage, model, document) for passage in passages_of(text)]
                self._db.executemany("INSERT INTO passages VALUES (?, ?, ?)", rows)
                self._db.execute("INSERT INTO held VALUES (?, ?)", (model, document))

    def has_any(self, model: int) -> bool:
        """Return whether a model has a knowledge base."""
        with self._lock:
            found = self._db.execute("SELECT 1 FROM held WHERE model = ? LIMIT 1", (model,))
            return found.fetchone() is not None

    def search(self, model: int, question: str, most: int, earlier: str = "") -> list[Passage]:
        """Return the passages that fit a question best.

        A passage fits where it has half of the words that mean something, of the question and of what was asked
        earlier, and one of the question's own, where that has any.
        """
        own = terms_of(question)
        terms = list(dict.fromkeys([*own, *terms_of(earlier)]))[:MOST_TERMS]
        if not terms:
            return []
        with self._lock:
            hits: dict[int, set[str]] = {}
            for term in terms:
                for (row,) in self._db.execute(
                    "SELECT rowid FROM passages WHERE passages MATCH ? AND model = ?", (f'"{term}"', model)
                ):
                    hits.setdefault(row, set()).add(term)
            fit = {row for row, had in hits.items() if 2 * len(had) >= len(terms) and (not own or had & set(own))}
            ranked = self._db.execute(
                "SELECT rowid, document, text FROM passages WHERE passages MATCH ? AND model = ? ORDER BY rank",
                (" OR ".join(f'"{term}"' for term in terms), model),
            )
            return [Passage(document, text) for row, document, text in ranked if row in fit][:most]


def terms_of(text: str) -> list[str]:
    """Return the words of a text that mean something, `MOST_TERMS` at most, each once and in order."""
    words = (word for word in map(str.lower, _WORD.findall(text)) if word not in _STOP)
    return list(dict.fromkeys(words))[:MOST_TERMS]


def passages_of(text: str) -> list[str]:
    """Return a document in passages of about `PASSAGE_CHARS`, cut between paragraphs, or else between words."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        words = " ".join(paragraph.split())
        if found and len(found[-1]) + len(words) < PASSAGE_CHARS:
            found[-1] = f"{found[-1]}\n{words}"
            continue
        while len(words) > PASSAGE_CHARS:
            cut = words.rfind(" ", 0, PASSAGE_CHARS)
            cut = cut if cut > 0 else PASSAGE_CHARS
            found.append(words[:cut])
            words = words[cut:].lstrip()
        found.append(words)
    return [passage for passage in found if passage.strip()]
