"""Requests that were damaged at random: the gateway and the proxy refuse them, and never fail."""

import base64
import json
import random
from typing import Any

import httpx
from bazaar import CALLER
from fairground import HISTORY, TALKER, Fairground

from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.marketplace.credentials import PREFIX, VOUCHER_HEADER

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
