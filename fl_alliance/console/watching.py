"""Following chains in the background, each in a thread of its own: one that does not answer holds no other up."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fl_alliance.chain.errors import ChainError
from fl_alliance.console.sources import AllianceSource, MarketSource

LOOK_S = 1.0
"""Seconds between two looks at a chain that has nothing new."""
_LONGEST_S = 30.0
"""The same while it cannot be read: what the rules refuse takes a replay to find."""
_PATIENCE_S = 5.0
_log = logging.getLogger(__name__)

Source = AllianceSource | MarketSource


@contextmanager
def watching(sources: Sequence[Source]) -> Iterator[None]:
    """Follow the sources' chains until the block ends."""
    stop = threading.Event()
    threads = [threading.Thread(target=_watch, args=(source, stop), daemon=True) for source in sources]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(_PATIENCE_S)


def follow(source: Source) -> bool:
    """Read what is next of a source's chain, note how far that is, and return whether there is more."""
    status = source.status
    try:
        status.tip, status.trouble = source.feed.follow(), ""
        status.at = _at(source)
        if isinstance(source, MarketSource) and not status.is_behind:
            source.filler.fill()
            status.is_filled = True
    except ChainError as error:
        status.trouble = " ".join(str(error).split())
        status.at = _at(source)
    return status.is_behind and not status.trouble


def _at(source: Source) -> int:
    cursor = source.feed.index.cursor
    return cursor.number if cursor else -1


def _watch(source: Source, stop: threading.Event) -> None:
    pause_s = LOOK_S
    while not stop.is_set():
        try:
            is_more = follow(source)
        except Exception as error:
            # A defect here must not leave pages that look alive: they tell it, and the log has the trace.
            _log.exception("following %s failed", source.feed.index.path)
            source.status.trouble, is_more = (
                f"reading failed ({type(error).__name__}); the console's log says why",
                False,
            )
        pause_s = min(2 * pause_s, _LONGEST_S) if source.status.trouble else LOOK_S
        if not is_more:
            stop.wait(pause_s)
