"""Requests to a node past web3's middleware, which costs more CPU than our requests do."""

from typing import Any

from web3 import Web3
from web3.exceptions import Web3RPCError
from web3.types import RPCEndpoint

from fl_alliance.chain.errors import RequestRefused


class Rpc:
    """A chain's JSON-RPC methods as plain calls; results stay JSON: quantities and bytes are hex text."""

    def __init__(self, w3: Web3) -> None:
        self._provider = w3.provider

    def __call__(self, method: str, *params: Any) -> Any:
        """Return the result of a request.

        Raises
        ------
        RequestRefused
            The node answered with an error.
        """
        try:
            response = dict(self._provider.make_request(RPCEndpoint(method), params))
        except Web3RPCError as refusal:
            response = dict(refusal.rpc_response or {"error": str(refusal)})
        error: Any = response.get("error")
        if error is not None:
            raise RequestRefused(method, error if isinstance(error, str) else dict(error))
        return response["result"]

    def number(self, method: str, *params: Any) -> int:
        """Return the result of a request that answers with a quantity."""
        return int(self(method, *params), 16)

    def bytes(self, method: str, *params: Any) -> bytes:
        """Return the result of a request that answers with bytes."""
        return bytes.fromhex(str(self(method, *params)).removeprefix("0x"))
