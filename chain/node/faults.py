"""The JSON-RPC errors the embedded node answers with: codes and texts as anvil 1.7 gives them."""

from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

PARSE_ERROR, INVALID_REQUEST = -32700, -32600
INVALID_PARAMS, METHOD_NOT_FOUND, INTERNAL = -32602, -32601, -32603
REFUSED, SERVER, REVERTED = -32003, -32000, 3
_ERROR_STRING, _PANIC = bytes.fromhex("08c379a0"), bytes.fromhex("4e487b71")


class RpcFault(Exception):
    """An answer with an `error` member; never leaves the provider as a Python exception."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            body["data"] = self.data
        return body


def reverted(output: bytes) -> RpcFault:
    """Return the fault for a REVERT with this return data."""
    reason = revert_reason(output)
    message = f"execution reverted: {reason}" if reason else "execution reverted"
    return RpcFault(REVERTED, message, "0x" + output.hex())


def revert_reason(output: bytes) -> str:
    """Return revert data in words, or an empty string where it says nothing."""
    selector, body = output[:4], output[4:]
    try:
        if selector == _ERROR_STRING:
            return str(decode(["string"], body)[0])
        if selector == _PANIC:
            return f"panic code {hex(decode(['uint256'], body)[0])}"
    except DecodingError:
        return f"malformed revert data 0x{output.hex()}"
    return f"custom error 0x{selector.hex()}" if output else ""
