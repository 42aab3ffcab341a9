"""foundry's anvil as a child process."""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import requests
from web3.types import RPCEndpoint, RPCResponse

from fl_alliance.chain.errors import AnvilMissing, ChainUnreachable
from fl_alliance.chain.node.remote import RemoteProvider
from fl_alliance.chain.node.settings import Settings

_START_S = 20.0
_PACE = 64
_ENV = "FL_ALLIANCE_ANVIL"
# A watcher holds the other end of a pipe: when this process ends, however it ends, the pipe closes and the whole
# group goes (npm's anvil is a script that starts the binary).
_GUARD = 'exec 3<&0; (read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 & exec "$@" </dev/null 3<&-'


def find_anvil(url: str = "anvil://") -> str:
    """Return the binary's path: $FL_ALLIANCE_ANVIL, then PATH, then node_modules here and at the repository root.

    Raises
    ------
    AnvilMissing
        naming the places searched
    """
    named = os.environ.get(_ENV)
    if named:
        if not os.access(named, os.X_OK):
            raise AnvilMissing(url, f"{_ENV}={named}")
        return named
    root = Path(__file__).resolve().parents[2]
    places = [folder / "node_modules" / ".bin" / "anvil" for folder in dict.fromkeys((Path.cwd(), root))]
    found = shutil.which("anvil") or next((str(place) for place in places if place.is_file()), None)
    if found is None:
        raise AnvilMissing(url, f"PATH, {', '.join(str(place) for place in places)}")
    return found


class AnvilProvider(RemoteProvider):
    """Starts anvil on a free port of the loopback interface; `close` ends it.

    Sends are paced: after every 64 the pool is left to drain, because thousands at once stall anvil.
    """

    def __init__(self, url: str, settings: Settings) -> None:
        binary, port = find_anvil(url), _free_port()
        options = {
            "--port": port,
            "--hardfork": settings.hardfork,
            "--chain-id": settings.chain_id,
            "--timestamp": settings.genesis_time,
            "--gas-limit": settings.gas_limit,
            "--block-base-fee-per-gas": settings.base_fee,
        }
        arguments = [str(part) for option in options.items() for part in option]
        if settings.hardfork == "osaka":
            arguments.append("--enable-tx-gas-limit")  # anvil leaves EIP-7825 out unless told
        self._sent = 0
        self._process: subprocess.Popen[bytes] | None = subprocess.Popen(  # noqa: S603 - no shell sees a value
            ["/bin/sh", "-c", _GUARD, "sh", binary, "--silent", "--prune-history", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        super().__init__(f"http://127.0.0.1:{port}", request_kwargs={"timeout": 60})
        self._wait(url)

    def _wait(self, url: str) -> None:
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                reason = self._complaint()
                self.close()
                raise ChainUnreachable(url, f"anvil did not start: {reason or 'no answer'}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        body: Any = {"jsonrpc": "2.0", "id": 0, "method": "eth_chainId", "params": []}
        try:
            return requests.post(str(self.endpoint_uri), json=body, timeout=5).ok
        except requests.RequestException:
            return False

    def _complaint(self) -> str:
        if self._process is None or self._process.poll() is None:
            return ""
        stream: IO[bytes] | None = self._process.stderr
        return stream.read().decode(errors="replace").strip()[-500:] if stream is not None else ""

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        if method == "eth_sendRawTransaction":
            self._sent += 1
            if self._sent % _PACE == 0:
                self._drain()
        return super().make_request(method, params)

    def _drain(self) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            status: Any = super().make_request(RPCEndpoint("txpool_status"), [])
            if int(status["result"]["pending"], 16) == 0:
                return
            time.sleep(0.005)

    def close(self) -> None:
        """End the process group and wait for it; anvil keeps nothing that a kill could harm."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stderr):
            if stream is not None:
                stream.close()

    def __del__(self) -> None:
        if getattr(self, "_process", None) is not None:
            self.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
