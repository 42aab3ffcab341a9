"""The JSON-RPC envelope: strict about what it reads, and always an answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.node.jsonrpc import MAX_BATCH, MAX_DEPTH, answer_body


def echo(method: str, params: Any) -> dict[str, Any]:
    return {"result": [method, params]}


def answered(body: str | bytes) -> Any:
    reply = answer_body(body if isinstance(body, bytes) else body.encode(), echo)
    return json.loads(reply) if reply else None


def request(**members: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"} | members


def nested(depth: int) -> str:
    """Return a request whose deepest list has `depth` arrays and objects around and including it."""
    inner = "[" * (depth - 1) + "]" * (depth - 1)
    return f'{{"jsonrpc": "2.0", "id": 1, "method": "m", "params": {inner}}}'


@pytest.mark.parametrize("number", [1, 0, -7, 2.5, "name", "", None])
def test_an_answer_carries_the_request_s_id(number: Any) -> None:
    assert answered(json.dumps(request(id=number))) == {"jsonrpc": "2.0", "id": number, "result": ["eth_chainId", []]}


def test_a_batch_is_answered_in_order_with_an_error_for_each_that_is_no_request() -> None:
    batch = [request(id=1), 5, request(id=2, method=7), request(id=3, params=["0x1"])]
    replies = answered(json.dumps(batch))
    assert [reply["id"] for reply in replies] == [1, None, None, 3]
    assert [reply.get("error", {}).get("code") for reply in replies] == [None, -32600, -32600, None]


def test_a_notification_is_carried_out_and_not_answered() -> None:
    seen = []

    def note(method: str, params: Any) -> dict[str, Any]:
        seen.append(method)
        return {"result": None}

    body = {"jsonrpc": "2.0", "method": "one"}
    assert answer_body(json.dumps(body).encode(), note) == b""
    assert answer_body(json.dumps([body | {"method": "two"}]).encode(), note) == b""
    assert seen == ["one", "two"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", -32700),
        ("{", -32700),
        ("nonsense", -32700),
        (b"\xff\xfe", -32700),
        ('{"jsonrpc": "2.0", "id": NaN, "method": "m"}', -32700),
        ('{"jsonrpc": "2.0", "id": 1, "method": "m", "method": "n"}', -32700),
        ('{"jsonrpc": "2.0", "id": ' + "9" * 5_000 + ', "method": "m"}', -32700),
        (nested(MAX_DEPTH + 1), -32700),
        (nested(100_000), -32700),
        ("[" * 200_000, -32700),
        ("[]", -32600),
        ("7", -32600),
        ('"eth_chainId"', -32600),
        ('{"id": 1, "method": "m"}', -32600),
        ('{"jsonrpc": "1.0", "id": 1, "method": "m"}', -32600),
        ('{"jsonrpc": "2.0", "id": 1}', -32600),
        ('{"jsonrpc": "2.0", "id": [1], "method": "m"}', -32600),
        ('{"jsonrpc": "2.0", "id": true, "method": "m"}', -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": "m", "params": {"a": 1}}', -32600),
        (json.dumps([request()] * (MAX_BATCH + 1)), -32600),
    ],
)
def test_what_is_no_request_is_answered_with_an_error(body: str | bytes, code: int) -> None:
    reply = answered(body)
    assert (reply["id"], reply["error"]["code"]) == (None, code)
    assert len(reply["error"]["message"]) < 300


def test_the_limits_themselves_are_allowed() -> None:
    assert "result" in answered(nested(MAX_DEPTH))
    assert len(answered(json.dumps([request()] * MAX_BATCH))) == MAX_BATCH


@given(st.one_of(st.binary(max_size=200), st.text(alphabet='[]{}":,.0123456789eE-nulltruejsonrpc', max_size=200)))
def test_no_bytes_make_it_fail(body: bytes | str) -> None:
    reply = answered(body)
    for one in reply if isinstance(reply, list) else [reply]:
        assert one["error"]["code"] in (-32700, -32600)
