"""Serving the console on this machine until it is stopped."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fl_alliance.console.app import make_app
from fl_alliance.console.sources import Sources
from fl_alliance.marketplace.listener import Server, bound, url_of


@contextmanager
def served(sources: Sources) -> Iterator[str]:
    """Serve on a free port of this machine, from a thread, for the length of a `with` block; give the address."""
    with bound("127.0.0.1", 0) as listener:
        server = Server(make_app(sources), listener)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield url_of(listener) + "/"
        finally:
            server.stop()
            thread.join(10)
