"""Puts the clock of a Python process wrong by CLOCK_OFF seconds, where this folder is on Python's path."""

import datetime
import os
import time

_OFF_S = float(os.environ.get("CLOCK_OFF", "0"))

if _OFF_S:
    _time, _real = time.time, datetime.datetime

    class Wrong(_real):  # type: ignore[misc, valid-type]
        """A datetime whose present is another."""

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "datetime.datetime":
            """Return the wrong time."""
            return _real.now(tz) + datetime.timedelta(seconds=_OFF_S)

    time.time = lambda: _time() + _OFF_S
    datetime.datetime = Wrong  # type: ignore[misc]
