"""Run a cell, whatever it is."""

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from fl_alliance.config import load_config
from fl_alliance.lab.cell import Cell
from fl_alliance.lab.chained import run_chained
from fl_alliance.lab.methods import RULES
from fl_alliance.lab.outcome import Outcome
from fl_alliance.lab.plain import run_plain


def run_cell(cell: Cell) -> Outcome:
    """Return what a cell measures; a function of the cell but for its seconds."""
    config = load_config(cell.overrides)
    gc.freeze()  # Flower's array conversions collect garbage once per reply; what is loaded by now is none
    with _quiet():
        if cell.method in RULES:
            return run_chained(config, cell.overrides)
        return run_plain(config, cell.method, cell.overrides)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Flower's log to itself: a sweep's rounds would flood the terminal."""
    log = logging.getLogger("flwr")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)
