"""The embedded node as a web3 provider."""

import threading
from typing import Any

from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from fl_alliance.chain.node.node import Node
from fl_alliance.chain.node.rpc import Rpc


class EmbeddedProvider(JSONBaseProvider):
    """Answers JSON-RPC from a `Node` in this process; safe to share between threads."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node = node
        self._rpc = Rpc(node)
        self._lock = threading.RLock()

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        with self._lock:
            answer: Any = self._rpc.answer(method, params)
        answer["id"] = next(self.request_counter)
        answer["jsonrpc"] = "2.0"
        return answer  # type: ignore[no-any-return]

    def make_batch_request(self, requests: list[tuple[RPCEndpoint, Any]]) -> list[RPCResponse]:
        with self._lock:
            return [self.make_request(method, params) for method, params in requests]

    def is_connected(self, show_traceback: bool = False) -> bool:
        return True

    def close(self) -> None:
        with self._lock:
            self.node.close()
