"""A Flower process that ends when the process that started it does, however that ended.

A SuperNode started here looks for messages and shows that it is there more often than Flower's own, and has messages
answered by our executor.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from flwr.supercore.app_utils import start_parent_process_monitor

SHORTEST_S, LONGEST_S = 0.05, 1.0
HEARTBEAT_S = 10
"""Flower's shortest; a SuperNode that was killed may connect again when two are missing."""
_RESTART_S = 1.0


class Polling:
    """Stands in for `time` in Flower's loop, which pauses 3 s between looks, and 0.5 s while a message is answered.

    The pause here grows with the time that nothing has come: a twentieth of it, from `SHORTEST_S` to `LONGEST_S`.
    """

    def __init__(self) -> None:
        self._last = time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Pause, whatever Flower asks for: 3 s between two looks for a message, 0.5 s where an answer is awaited."""
        now = time.monotonic()
        if seconds < 1:
            self._last = now
            time.sleep(min(seconds, SHORTEST_S))
            return
        time.sleep(min(LONGEST_S, max(SHORTEST_S, (now - self._last) / 20)))


def main() -> None:
    """Run `superlink` or `supernode` with the rest of the arguments, tied to the process PID."""
    parent, name, *arguments = sys.argv[1:]
    start_parent_process_monitor(int(parent))
    if name == "superlink":
        _fence_in()
        sys.argv = [f"flower-{name}", *arguments]
        from flwr.superlink.cli import flower_superlink as run
    else:
        sys.argv = [f"flower-{name}", *arguments, "--isolation", "process"]
        from flwr.supercore import heartbeat
        from flwr.supernode import fleet_http_connection, start_client_internal
        from flwr.supernode.cli import flower_supernode as run

        vars(start_client_internal)["time"] = Polling()
        for module in (heartbeat, fleet_http_connection):
            vars(module)["HEARTBEAT_DEFAULT_INTERVAL"] = HEARTBEAT_S
        threading.Thread(target=_keep_executor, args=(_runtime_address(arguments),), daemon=True).start()
    run()


def _runtime_address(arguments: Sequence[str]) -> str:
    """Return where the SuperNode listens for those who answer its messages."""
    host, port = (arguments[arguments.index(name) + 1] for name in ("--host", "--port"))
    return f"{host}:{port}"


def _keep_executor(address: str) -> None:
    """Run the executor, and start it again when it ends; it ends by itself when this process has."""
    while True:
        command = [sys.executable, "-m", "fl_alliance.deployment.executor", address, str(os.getpid())]
        subprocess.run(command, check=False)  # noqa: S603  our own command
        time.sleep(_RESTART_S)


def _fence_in() -> None:
    """Put the fence around all that the SuperLink serves, by the hook that Flower has for middleware."""
    from flwr.superlink import extensions
    from starlette.middleware import Middleware

    from fl_alliance.deployment.fence import Fence

    extensions.get_middleware = lambda: (Middleware(Fence),)


if __name__ == "__main__":
    main()
