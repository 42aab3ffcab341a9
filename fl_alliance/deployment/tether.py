"""A Flower process that ends when the process that started it does, however that ended.

A SuperNode started here looks for messages and shows that it is there more often than Flower's own, and has messages
answered by our executor. SuperLink and SuperNodes keep the models that they had last.
"""

import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from typing import IO, Any, NoReturn

import httpx
from flwr.supercore.app_utils import start_parent_process_monitor

SHORTEST_S, LONGEST_S = 0.05, 1.0
HEARTBEAT_S = 10
"""Flower's shortest; a SuperNode that was killed may connect again when two are missing."""
REFUSED_S, _AGAIN_S = 3.0 * HEARTBEAT_S, 1.0
"""For how long a SuperNode asks again to be let in: it is thought to be there still, or is not known yet."""
_RESTART_S = 1.0
EXECUTOR = "fl_alliance.deployment.executor"
"""The module that answers messages when it is run."""


class Polling:
    """Stands in for `time` in Flower's loop, which pauses 3 s between looks, and 0.5 s while a message is answered.

    The pause here grows with the time that nothing has come: a twentieth of it, from `SHORTEST_S` to `LONGEST_S`. After
    a look that took long, since our SuperLink holds it until there is a message, it is the shortest.

    Parameters
    ----------
    ring : callable
        Called while a message is there to be answered.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring, self._last, self._woke = ring, time.monotonic(), time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Pause, whatever Flower asks for: 3 s between two looks for a message, 0.5 s where an answer is awaited."""
        now = time.monotonic()
        if seconds < 1:
            self._last = now
            self._ring()
            time.sleep(min(seconds, SHORTEST_S))
            return
        is_held = now - self._woke > LONGEST_S
        time.sleep(SHORTEST_S if is_held else min(LONGEST_S, max(SHORTEST_S, (now - self._last) / 20)))
        self._woke = time.monotonic()


def main() -> None:
    """Run `superlink` or `supernode` with the rest of the arguments, tied to the process PID."""
    parent, name, *arguments = sys.argv[1:]
    start_parent_process_monitor(int(parent))
    from fl_alliance.deployment.keeping import keep_objects

    keep_objects()
    if name == "superlink":
        _fence_in()
        sys.argv = [f"flower-{name}", *arguments]
        from flwr.superlink.cli import flower_superlink as run
    else:
        sys.argv = [f"flower-{name}", *arguments, "--isolation", "process"]
        from flwr.supercore import heartbeat
        from flwr.supernode import fleet_http_connection, start_client_internal
        from flwr.supernode.cli import flower_supernode as run
        from flwr.supernode.fleet_http_client import FleetHttpClient

        from fl_alliance.deployment.pulling import pull_soon

        pull_soon()
        executor = Executor(_runtime_address(arguments))
        vars(start_client_internal)["time"] = Polling(executor.ring)
        for module in (heartbeat, fleet_http_connection):
            vars(module)["HEARTBEAT_DEFAULT_INTERVAL"] = HEARTBEAT_S
        FleetHttpClient.ActivateNode = patiently(FleetHttpClient.ActivateNode)  # type: ignore[method-assign]
        threading.Thread(target=executor.keep, daemon=True).start()
    _run_to_the_end(run)


def _run_to_the_end(run: Callable[[], None]) -> NoReturn:
    """Run one of Flower's commands and end: a SuperNode that has lost its SuperLink would wait for its own threads."""
    code: object = 1
    try:
        run()
    except SystemExit as leaving:
        code = leaving.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(code if isinstance(code, int) else 1)


def patiently(activate: Callable[..., Any], pause: Callable[[float], None] = time.sleep) -> Callable[..., Any]:
    """Return Flower's request to be let in, made again for a while where the SuperLink refuses it."""

    @wraps(activate)
    def ask(*arguments: Any) -> Any:
        end = time.monotonic() + REFUSED_S
        while True:
            try:
                return activate(*arguments)
            except httpx.HTTPStatusError as refusal:
                if time.monotonic() > end:
                    raise
                print(f"not let in yet ({refusal.response.status_code})", flush=True)
            pause(_AGAIN_S)

    return ask


def _runtime_address(arguments: Sequence[str]) -> str:
    """Return where the SuperNode listens for those who answer its messages."""
    host, port = (arguments[arguments.index(name) + 1] for name in ("--host", "--port"))
    return f"{host}:{port}"


class Executor:
    """The process that answers messages, which is told when there is one, so that it need not look all the time.

    Parameters
    ----------
    address : str
        Where the SuperNode listens for it.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._bell: IO[bytes] | None = None

    def keep(self) -> None:
        """Run the process, and start it again when it ends; it ends by itself when this one has."""
        while True:
            command = [sys.executable, "-m", EXECUTOR, self._address, str(os.getpid())]
            with subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0) as process:  # noqa: S603  our own command
                if process.stdin is not None:
                    os.set_blocking(process.stdin.fileno(), False)
                self._bell = process.stdin
                process.wait()
            time.sleep(_RESTART_S)

    def ring(self) -> None:
        """Let it look for a message."""
        if self._bell is not None:
            with suppress(OSError, ValueError):  # it has ended, and looks by itself when it is back; or was told enough
                self._bell.write(b"\n")


def _fence_in() -> None:
    """Put the fence around all that the SuperLink serves, by the hook that Flower has for middleware; hold requests."""
    from flwr.superlink import extensions
    from starlette.middleware import Middleware

    from fl_alliance.deployment.fence import Fence
    from fl_alliance.deployment.holding import Hold

    extensions.get_middleware = lambda: (Middleware(Fence), Middleware(Hold))


if __name__ == "__main__":
    main()
