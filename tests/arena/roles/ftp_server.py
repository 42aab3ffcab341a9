"""A folder behind an FTP server on loopback: a store on another machine, as far as the client can tell."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER, PASSWORD = "hospital", "only for tests"
OPTIONS = {"username": USER, "password": PASSWORD}


@contextmanager
def served(root: Path, hangs_up_s: int = 300) -> Iterator[str]:
    """Serve a folder and give its URL; who is silent for so many seconds is hung up on."""
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    root.mkdir(parents=True, exist_ok=True)
    users = DummyAuthorizer()
    users.add_user(USER, PASSWORD, str(root), perm="elradfmwMT")
    handler = type("Handler", (FTPHandler,), {"authorizer": users, "timeout": hangs_up_s})
    server = FTPServer(("127.0.0.1", 0), handler)
    is_over = threading.Event()

    def serve() -> None:
        while not is_over.is_set():
            server.serve_forever(timeout=0.1, blocking=False, handle_exit=False)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"ftp://127.0.0.1:{server.address[1]}/models"
    finally:
        is_over.set()
        thread.join()
        server.close_all()
