"""Requests to a node past web3's middleware, which costs more CPU than our requests do."""

from typing import TYPE_CHECKING, Any

from fl_alliance.chain.errors import ChainUnreachable, RequestRefused

if TYPE_CHECKING:
    from web3 import Web3


class Rpc:
    """A chain's JSON-RPC methods as plain calls; results stay JSON: quantities and bytes are hex text."""

    def __init__(self, w3: "Web3") -> None:
        # Whoever has a Web3 has paid for this import; readers of chain files never do.
        from web3.exceptions import Web3RPCError

        self._provider = w3.provider
        self._url = str(getattr(w3.provider, "endpoint_uri", type(w3.provider).__name__))
        self._refusal = Web3RPCError

    def __call__(self, method: str, *params: Any) -> Any:
        """Return the result of a request.

        Raises
        ------
        RequestRefused
            The node answered with an error.
        ChainUnreachable
            It did not answer.
        """
        try:
            response = dict(self._provider.make_request(method, params))  # type: ignore[arg-type]
        except self._refusal as refusal:
            response = dict(refusal.rpc_response or {"error": str(refusal)})
        except OSError as silence:
            raise ChainUnreachable(self._url, f"{type(silence).__name__}: {silence}") from silence
        error: Any = response.get("error")
        if error is not None:
            raise RequestRefused(method, error if isinstance(error, str) else dict(error))
        return response["result"]

    def number(self, method: str, *params: Any) -> int:
        """Return the result of a request that answers with a quantity."""
        return int(self(method, *params), 16)

    def second(self, block: int | str = "latest") -> int:
        """Return the timestamp of a block, given by its number or its name, in Unix seconds."""
        name = block if isinstance(block, str) else hex(block)
        return int(self("eth_getBlockByNumber", name, False)["timestamp"], 16)

    def bytes(self, method: str, *params: Any) -> bytes:
        """Return the result of a request that answers with bytes."""
        return bytes.fromhex(str(self(method, *params)).removeprefix("0x"))
