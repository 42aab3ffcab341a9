"""Requests and answers that were damaged at random: gateway and proxy refuse them, and neither fails nor overpays."""

import base64
import json
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from bazaar import CALLER
from fairground import CALL_WEI, GLUCOSE, HISTORY, TALKER, TOKENS_WEI, Fairground

from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.marketplace.credentials import PREFIX, VOUCHER_HEADER, decode_voucher
from fl_alliance.marketplace.pricing import charge_wei

REQUESTS = 500
ODD = [None, True, -1, 0, 2**64, 10**300, 1.5, "", "x", "1", "\ud83d", "\x00", [], {}, [[]], ["user"], "a" * 9_000]
NAMES = ["n", "tools", "stream", "temperature", "max_tokens", "max_completion_tokens", "messages", "inputs"]
ROWS = {"model": "model-1", "inputs": [HISTORY]}
CHAT = {
    "model": "model-2",
    "messages": [{"role": "system", "content": "x"}, {"role": "user", "content": [{"type": "text", "text": "Hello?"}]}],
    "max_tokens": 4,
    "temperature": 0.5,
}
VOUCHER = [CALLER.address, "2", "1000", 1, "11" * 64]


def damaged(value: Any, chance: random.Random) -> Any:
    if chance.random() < 0.15:
        return chance.choice(ODD)
    if isinstance(value, dict):
        found = {name: damaged(each, chance) for name, each in value.items() if chance.random() > 0.05}
        return found | ({chance.choice(NAMES): chance.choice(ODD)} if chance.random() < 0.1 else {})
    if isinstance(value, list):
        return [damaged(each, chance) for each in value if chance.random() > 0.03]
    return value


def packed(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_no_request_makes_a_server_fail(ground: Fairground) -> None:
    chance, seen = random.Random(3), set[int]()
    ground.fair.revenue(CALLER).deposit(WEI_PER_FML)
    with ground.gateway() as (_, url), ground.proxy(url, WEI_PER_FML) as (_, near):
        key = ground.caller(url, CALLER).session(TALKER, WEI_PER_FML // 10, 3_600).encode().removeprefix(PREFIX)
        fields = json.loads(base64.urlsafe_b64decode(key + "=="))
        client = httpx.Client(trust_env=False, timeout=60)
        for _ in range(REQUESTS):
            headers = {"Authorization": f"Bearer {PREFIX}{packed(damaged(fields, chance))}"}
            if chance.random() < 0.3:
                headers = {VOUCHER_HEADER: packed(damaged(VOUCHER, chance))}
            path, body = chance.choice([("chat/completions", CHAT), ("predict", ROWS), ("vouchers", VOUCHER)])
            content = json.dumps(damaged(body, chance)) if path != "vouchers" else packed(damaged(body, chance))
            address = f"{chance.choice([url, url, near])}/v1/{path}"
            response = client.post(address, content=content, headers=headers)
            seen.add(response.status_code)
            assert response.status_code != 500, (path, content[:300], headers)
        for payer in ("x", "0x", "%00", "a" * 500, CALLER.address):
            for model in ("1", "-1", "9" * 30, "x"):
                seen.add(client.get(f"{url}/v1/accounts/{payer}/{model}").status_code)
    assert {200, 400, 401, 402, 404} <= seen
    assert 500 not in seen


WHOLE = {
    "id": "x",
    "created": 1,
    "model": "model-2",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    "fl_alliance": {"paid_by": "voucher", "charged_wei": str(charge_wei(TOKENS_WEI, 1))},
}
PREDICTED = {"forecast": [110.0], "fl_alliance": {"paid_by": "voucher", "charged_wei": str(CALL_WEI)}}
PIECE = {"choices": [{"index": 0, "delta": {"content": "Yes"}, "finish_reason": None}]}
LAST = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "fl_alliance": WHOLE["fl_alliance"]}


def liar(chance: random.Random, signed: list[int]) -> type[BaseHTTPRequestHandler]:
    """A gateway that answers with damaged content, and notes what the vouchers that it is sent are worth."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(json.dumps(damaged({"owed_wei": "0", "reserved_wei": "0", "calls": 0}, chance)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            header = body.decode() if self.path.endswith("vouchers") else self.headers[VOUCHER_HEADER]
            signed.append(decode_voucher(header).voucher.owed_wei)
            if self.path.endswith("vouchers"):
                self._send("{}")
            elif self.path.endswith("predict"):
                self._send(json.dumps(damaged(PREDICTED, chance)))
            elif json.loads(body)["stream"]:
                self._send("".join(f"data: {json.dumps(damaged(one, chance))}\n\n" for one in (PIECE, LAST)))
            else:
                self._send(json.dumps(damaged(WHOLE, chance)), chance.choice([200] * 5 + [402, 503, 301, 999]))

        def _send(self, content: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


def test_no_gateway_makes_the_proxy_fail_or_sign_beyond_one_call(ground: Fairground) -> None:
    chance, signed, seen = random.Random(5), list[int](), set[int]()
    server = ThreadingHTTPServer(("127.0.0.1", 0), liar(chance, signed))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    with ground.proxy(f"http://127.0.0.1:{server.server_address[1]}", WEI_PER_FML) as (spender, near):
        client = httpx.Client(trust_env=False, timeout=60)
        for number in range(REQUESTS):
            asked = {"messages": [{"role": "user", "content": f"Question {number}?"}], "max_tokens": 10}
            body = asked | {"model": f"model-{TALKER}", "stream": number % 2 == 0}
            path = "chat/completions"
            if number % 5 == 0:
                path, body = "predict", {"model": f"model-{GLUCOSE}", "inputs": [[float(number)]]}
            response = client.post(f"{near}/v1/{path}", json=body)
            seen |= {response.status_code, client.get(f"{near}/v1/models").status_code}
        assert {200, 402, 502, 503} <= seen
        assert 500 not in seen
        assert spender.spent_wei > 0
        assert max(signed) <= spender.spent_wei + max(CALL_WEI, charge_wei(TOKENS_WEI, 10))
    server.shutdown()
    server.server_close()
