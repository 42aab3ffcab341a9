"""A TCP forwarder on loopback that can be cut, as a hospital's line can be."""

import socket
import threading
from contextlib import suppress

_CHUNK = 65_536


class Proxy:
    """Forward connections to a port of the loopback interface.

    Parameters
    ----------
    target : int
        The port.

    Attributes
    ----------
    port : int
        Where it listens itself.
    """

    def __init__(self, target: int) -> None:
        self._target, self._is_cut = target, False
        self._open: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """End every connection, and let none come about."""
        self._is_cut = True
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def mend(self) -> None:
        """Let connections come about again."""
        self._is_cut = False

    def _serve(self) -> None:
        while True:
            client, _ = self._server.accept()
            if self._is_cut:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            self._open += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_forward, args=(source, sink), daemon=True).start()


def _forward(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(_CHUNK):
            sink.sendall(content)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
