"""Run a cell, whatever it is."""

import gc
import logging

from fl_alliance.config import load_config
from fl_alliance.lab.cell import Cell
from fl_alliance.lab.chained import run_chained
from fl_alliance.lab.methods import RULES
from fl_alliance.lab.outcome import Outcome
from fl_alliance.lab.plain import run_plain


def run_cell(cell: Cell) -> Outcome:
    """Return what a cell measures; a function of the cell but for its seconds."""
    logging.getLogger("flwr").setLevel(logging.CRITICAL)  # a sweep's rounds would flood the terminal
    config = load_config(cell.overrides)
    gc.freeze()  # Flower's array conversions collect garbage once per reply; what is loaded by now is none
    if cell.method in RULES:
        return run_chained(config, cell.overrides)
    return run_plain(config, cell.method, cell.overrides)
