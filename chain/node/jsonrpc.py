"""The JSON-RPC 2.0 envelope: bytes of a request or a batch in, bytes of the answers out."""

import json
from collections.abc import Callable
from typing import Any

from fl_alliance.chain import strict_json
from fl_alliance.chain.node.faults import INVALID_REQUEST, PARSE_ERROR, RpcFault

MAX_DEPTH = 32
"""Arrays and objects inside each other; the deepest that a method takes is an access list in a batch, 7."""
MAX_BATCH = 1_000

Answer = Callable[[str, Any], dict[str, Any]]


def answer_body(body: bytes, answer: Answer) -> bytes:
    """Return the answer to a request or batch, in its order; empty where nothing in it wants an answer.

    `answer` takes a method and its parameters and returns an object with `result` or `error`. What is no JSON, or
    no request, is answered with an error too, so this never raises for what was sent.
    """
    try:
        found = _parse(body)
        if isinstance(found, list):
            return _batch(found, answer)
    except RpcFault as fault:
        return _bytes(failed(fault))
    reply = _one(found, answer)
    return b"" if reply is None else _bytes(reply)


def failed(fault: RpcFault) -> dict[str, Any]:
    """Return the answer to what could not be read as far as its id."""
    return {"jsonrpc": "2.0", "id": None, "error": fault.as_json()}


def _batch(requests: list[Any], answer: Answer) -> bytes:
    if not 0 < len(requests) <= MAX_BATCH:
        raise RpcFault(INVALID_REQUEST, f"batch: given {len(requests)} requests, needed 1 to {MAX_BATCH}")
    replies = [reply for request in requests if (reply := _one(request, answer)) is not None]
    return _bytes(replies) if replies else b""


def _one(request: Any, answer: Answer) -> dict[str, Any] | None:
    """Answer one request; None for a notification, which is carried out and not answered."""
    try:
        method, params = _request(request)
    except RpcFault as fault:
        return failed(fault)
    reply = answer(method, params)
    return {"jsonrpc": "2.0", "id": request["id"], **reply} if "id" in request else None


def _request(request: Any) -> tuple[str, Any]:
    if not isinstance(request, dict) or request.get("jsonrpc") != "2.0":
        raise RpcFault(INVALID_REQUEST, 'request: needed an object with "jsonrpc": "2.0"')
    method, params, number = request.get("method"), request.get("params", []), request.get("id")
    if not isinstance(method, str):
        raise RpcFault(INVALID_REQUEST, "request: needed a method, as text")
    if not isinstance(params, list):
        raise RpcFault(INVALID_REQUEST, f"{method[:100]}: needed params as a list")
    if isinstance(number, bool) or not isinstance(number, str | int | float | None):
        raise RpcFault(INVALID_REQUEST, f"{method[:100]}: needed an id that is text, a number or null")
    return method, params


def _parse(body: bytes) -> Any:
    """Return strict JSON's value; raises `RpcFault`."""
    try:
        return strict_json.parse(body, MAX_DEPTH)
    except ValueError as broken:
        raise RpcFault(PARSE_ERROR, f"JSON: {str(broken)[:200]}") from None


def _bytes(reply: Any) -> bytes:
    return json.dumps(reply, separators=(",", ":")).encode()
