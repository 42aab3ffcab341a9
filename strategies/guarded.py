"""Somebody's own strategy or rule may have a defect: it is named in one line, and its traceback is in Flower's log."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from flwr.serverapp.strategy import Strategy

from fl_alliance.strategies.errors import BadReply, StrategyError, StrategyFailed


@contextmanager
def guarded(whose: object, method: str, number: int) -> Iterator[None]:
    """Turn what a strategy, or a rule, raises in `method` of a round into `StrategyFailed`, with the line it came from.

    Number 0: in no round.
    """
    name = f"{'strategy' if isinstance(whose, Strategy) else 'rule'} {type(whose).__name__}"
    when = f"{method} of round {number}" if number else method
    try:
        yield
    except Exception as error:
        if isinstance(error, StrategyError) and not isinstance(error, BadReply):  # an array of its own that is none
            raise
        logging.getLogger("flwr").exception("%s: %s", name, when)
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise StrategyFailed(
            f"{name}: {when} raised {type(error).__name__}: {error} "
            f"({last.filename}:{last.lineno}); what the chain has settled stays; --resume goes on once it is mended"
        ) from error
