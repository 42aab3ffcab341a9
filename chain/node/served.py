"""A chain that several processes share: its clock runs, requests come one at a time, and blocks stay."""

import logging
import threading
import time
from pathlib import Path
from typing import Any

from fl_alliance.chain.errors import WrongChain
from fl_alliance.chain.node.chainfile import BlockLog
from fl_alliance.chain.node.clock import RunningClock
from fl_alliance.chain.node.faults import INTERNAL, SERVER, RpcFault
from fl_alliance.chain.node.node import Node
from fl_alliance.chain.node.rpc import Rpc
from fl_alliance.chain.node.settings import Settings

_TELLS_TIME = frozenset(
    {
        "eth_blockNumber",
        "eth_getBlockByNumber",
        "eth_call",
        "eth_feeHistory",
        "eth_newBlockFilter",
        "eth_getFilterChanges",
    }
)
"""The methods whose answer depends on how late the head is."""
_log = logging.getLogger(__name__)


class ServedChain:
    """Answers JSON-RPC from a chain in real time; safe to share between threads.

    While no transaction comes, the head's timestamp follows the clock by empty blocks. They are sealed when somebody
    asks, once the head is older than `block_time_s`: whoever looks sees the blocks that a timer would have sealed
    last, and a chain that nobody looks at does not grow.

    Parameters
    ----------
    node : Node
        A chain with `clock`; this object closes it.
    clock : RunningClock
        Its time.
    block_time_s : float
        Real seconds, above 0.
    """

    def __init__(self, node: Node, clock: RunningClock, block_time_s: float) -> None:
        self.node, self.clock = node, clock
        # A timestamp is whole seconds: a block within the head's second would say nothing new.
        self._oldest_head = max(1.0, block_time_s * clock.speed)
        self._rpc = Rpc(node)
        self._lock = threading.Lock()
        self._is_closed = False

    def answer(self, method: str, params: Any) -> dict[str, Any]:
        """Return a JSON-RPC answer without envelope: a `result` or an `error`."""
        with self._lock:
            try:
                if self._is_closed:
                    raise RpcFault(SERVER, f"{method}: the chain has stopped")
                if method in _TELLS_TIME and self.clock.now() - self.node.head.timestamp >= self._oldest_head:
                    self.node.mine()
                return self._rpc.answer(method, params)
            except RpcFault as fault:
                return {"error": fault.as_json()}
            except Exception:
                # A full disk or a defect fails this request, whose block is taken back; the other processes go on.
                _log.exception("%s failed", method)
                return {"error": RpcFault(INTERNAL, f"{method}: failed inside the chain; its log says why").as_json()}

    def close(self) -> None:
        """Release the chain file; what is asked afterwards is refused. May be repeated."""
        with self._lock:
            self._is_closed = True
            self.node.close()


def open_chain(path: Path | None, chain_id: int | None, speed: float, block_time_s: float) -> ServedChain:
    """Start a chain, kept in the file `path` or for None in memory, or go on with the one in that file.

    A new chain begins now. One that goes on begins at its head's timestamp: the pause does not count.

    Parameters
    ----------
    chain_id : int or None
        The id it must have; for None a new chain gets 31337, the development chains', and any other is taken.
    speed : float
        Seconds of chain time in a real second, above 0.
    block_time_s : float
        Real seconds after which a head is too old, above 0.

    Raises
    ------
    WrongChain
        The file holds a chain with another id.
    ChainLocked, ChainCorrupt, ChainFileError
        The file cannot be used.
    """
    settings = Settings(genesis_time=int(time.time()))
    if chain_id is not None:
        settings = Settings(chain_id=chain_id, genesis_time=settings.genesis_time)
    if path is None:
        clock = RunningClock(settings.genesis_time, speed)
        return ServedChain(Node(settings, clock=clock), clock, block_time_s)
    log = BlockLog(path, settings)
    try:
        if chain_id not in (None, log.settings.chain_id):
            raise WrongChain(str(path), log.settings.chain_id, settings.chain_id)
        clock = RunningClock(log.blocks[-1].timestamp if log.blocks else log.settings.genesis_time, speed)
        return ServedChain(Node(log.settings, log, log.blocks, clock=clock), clock, block_time_s)
    except BaseException:
        log.close()
        raise
