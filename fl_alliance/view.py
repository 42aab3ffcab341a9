"""The live view of a run: a board on a terminal, one line a round in a pipe, nothing when asked to be quiet."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live

from fl_alliance.board import Board
from fl_alliance.config import JobConfig
from fl_alliance.panels import draw, round_line, run_line
from fl_alliance.strategies.events import Event, RoundSettled, Stage
from fl_alliance.workloads.base import Metric

FRAMES_PER_S = 4


class RunView:
    """Listens to a run and shows it; a context manager, because a terminal must be given back.

    Parameters
    ----------
    config : JobConfig
        Of the run.
    folder : str
        Where the run keeps its results, for the header.
    quiet : bool
        Show nothing.
    headline : Metric, optional
        The figure to show of every round; the workload's first by default.
    console : Console, optional
        Where to draw; the standard output by default.
    clock : callable, optional
        Seconds that never go back.

    Notes
    -----
    Calling it folds the event into the board (microseconds); drawing happens in a thread of its own, at most four
    times a second, so that it does not slow the rounds down.
    """

    def __init__(
        self,
        config: JobConfig,
        folder: str,
        *,
        quiet: bool = False,
        headline: Metric | None = None,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console or Console(highlight=False)
        self._config, self._folder, self._quiet = config, folder, quiet
        self._board = Board(config.rounds, config.alliance.tolerance_bps, clock)
        self._headline = headline
        self._lock = threading.Lock()
        self._live = self._new_live() if self._console.is_terminal and not quiet else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        elif not self._quiet:
            self._console.print(run_line(self._config, self._folder), markup=False, soft_wrap=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take one event; from any thread."""
        with self._lock:
            if isinstance(event, RoundSettled) and self._headline is None:
                self._headline = _headline(self._config)
            self._board.take(event)
        if self._live is None and not self._quiet:
            self._print(event)

    def _print(self, event: Event) -> None:
        if isinstance(event, Stage):
            self._console.print(event.text, markup=False, soft_wrap=True)
        elif isinstance(event, RoundSettled):
            self._console.print(round_line(self._board, self._headline), markup=False, soft_wrap=True)

    def _new_live(self) -> Live:
        return Live(
            console=self._console, get_renderable=self.frame, refresh_per_second=FRAMES_PER_S, vertical_overflow="crop"
        )

    def frame(self) -> RenderableType:
        """Return the board as it is now, for the console's size."""
        with self._lock:
            return draw(self._board, self._config, self._folder, self._headline, self._console.size)


def _headline(config: JobConfig) -> Metric | None:
    """Return the workload's headline figure. By the first settled round its libraries are loaded anyway."""
    from fl_alliance.workloads import get

    return next(iter(get(config.workload.name, **config.workload.options).metrics), None)
