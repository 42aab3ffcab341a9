"""What a role does, in one line an event; while it trains a line that moves, or one a quarter where output is kept."""

import sys
from typing import TextIO

from fl_alliance.arena.events import Event, Scored, Training, Trying

_SHARE = 4
"""Lines of a training in output that is kept."""


class Narrator:
    """Listens to roles and tells a person.

    Parameters
    ----------
    out : TextIO, optional
        Where to tell; the standard output by default.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._is_terminal = self._out.isatty()
        self._is_mid_line = self._is_silent = False

    def __call__(self, event: Event) -> None:
        """Tell an event."""
        if isinstance(event, Trying):
            self._tell_silence(event)
            return
        if self._is_silent:
            self._is_silent = False
            self.say("answers again; going on")
        if isinstance(event, Training):
            self._tell_progress(event)
        elif not isinstance(event, Scored):  # the bookkeeper tells it with what it earned
            self.say(event.words)

    def say(self, line: str) -> None:
        """Print a line of its own."""
        if self._is_mid_line:
            print(file=self._out)
            self._is_mid_line = False
        print(line, file=self._out, flush=True)

    def _tell_silence(self, event: Trying) -> None:
        """Say once that there is no answer, however often it is tried."""
        if not self._is_silent:
            self._is_silent = True
            self.say(f"no answer ({event.why}); trying again until there is one")

    def _tell_progress(self, event: Training) -> None:
        if self._is_terminal:
            print(f"\r{event.words} ", end="", file=self._out, flush=True)
            self._is_mid_line = event.step < event.steps
            if not self._is_mid_line:
                print(file=self._out)
        elif event.step * _SHARE // event.steps > (event.step - 1) * _SHARE // event.steps:
            self.say(event.words)
