"""Keeps Flower's own log out of the live view: it goes to a file, or nowhere."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def flower_log_in(path: Path) -> Iterator[None]:
    """Write what Flower logs to `path` instead of the terminal, until the block ends."""
    import flwr.common.logger  # noqa: F401  puts its handler in place when imported, so it must come first

    logger = logging.getLogger("flwr")
    before = list(logger.handlers)
    to_file = logging.FileHandler(path, delay=True)
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.handlers[:] = [to_file]
    try:
        yield
    finally:
        logger.handlers[:] = before
        to_file.close()


@contextmanager
def flower_log_off() -> Iterator[None]:
    """Let Flower log nothing until the block ends."""
    import flwr.common.logger  # noqa: F401  see above

    logger = logging.getLogger("flwr")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
