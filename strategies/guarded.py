"""Somebody's own strategy may have a defect: it is named in one line, and its traceback is in Flower's log."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from flwr.serverapp.strategy import Strategy

from fl_alliance.strategies.errors import StrategyError, StrategyFailed


@contextmanager
def guarded(strategy: Strategy, method: str, number: int) -> Iterator[None]:
    """Turn what the strategy raises in `method` of round `number` into `StrategyFailed`, with the line it came from."""
    try:
        yield
    except StrategyError:
        raise
    except Exception as error:
        logging.getLogger("flwr").exception("%s: %s of round %d", type(strategy).__name__, method, number)
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise StrategyFailed(
            f"strategy {type(strategy).__name__}: {method} of round {number} raised {type(error).__name__}: {error} "
            f"({last.filename}:{last.lineno}); what the chain has settled stays; --resume goes on once it is mended"
        ) from error
