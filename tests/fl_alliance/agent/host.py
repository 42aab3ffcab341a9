"""Servers over loopback: a host that sells a model's answers by x402, and a chat model that says what it is told to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from web3 import Web3

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.revenue import RevenueView
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender

ANSWER = "The sky scatters blue light."


@dataclass
class Host:
    """Sells answers of model 1: asks for `amount_wei` to `pay_to`, has the payment on the chain, then answers."""

    w3: Web3
    key: NodeKey
    deployment: Deployment
    amount_wei: int
    pay_to: str = ""
    asset: str = ""
    valid_s: int = 300
    extra: dict[str, Any] = field(default_factory=lambda: {"name": "FML", "version": "1"})
    answer: str = ANSWER
    whole: object = None
    """The whole answer, where it is to be no chat completion."""
    is_free: bool = False
    heard: int = 0
    """Requests."""
    questions: list[str] = field(default_factory=list)
    paid: list[int] = field(default_factory=list)
    url: str = ""

    def required(self) -> str:
        from x402.http.utils import encode_payment_required_header
        from x402.schemas import PaymentRequired, PaymentRequirements

        needed = PaymentRequirements(
            scheme="exact",
            network=f"eip155:{self.deployment.chain_id}",
            asset=self.asset or self.deployment.fml,
            amount=str(self.amount_wei),
            pay_to=self.pay_to or RevenueView(Rpc(self.w3), self.deployment).till(1),
            max_timeout_seconds=self.valid_s,
            extra=self.extra,
        )
        return encode_payment_required_header(PaymentRequired(accepts=[needed]))

    def settle(self, header: str) -> None:
        from x402.http.utils import decode_payment_signature_header

        payload = decode_payment_signature_header(header).payload
        signed, signature = payload["authorization"], bytes.fromhex(payload["signature"].removeprefix("0x"))
        until, nonce = (int(signed[name]) for name in ("validAfter", "validBefore")), bytes.fromhex(signed["nonce"][2:])
        what = (signed["from"], signed["to"], int(signed["value"]), *until, nonce)
        fml = BoundContract(Sender(self.w3, self.key), "FML", self.deployment.fml)
        fml.send(200_000, "transferWithAuthorization", *what, signature[64], signature[:32], signature[32:64])
        self.paid.append(int(signed["value"]))

    def respond(self, asked: dict[str, Any], headers: Any) -> tuple[int, dict[str, str], str]:
        self.heard += 1
        if "PAYMENT-SIGNATURE" in headers:
            self.settle(headers["PAYMENT-SIGNATURE"])
        elif not self.is_free:
            return 402, {"PAYMENT-REQUIRED": self.required()}, ""
        self.questions.append(asked["messages"][-1]["content"])
        return 200, {}, self.answer


@dataclass
class ChatModel:
    """Says what a function makes of the messages: a liar, or one who obeys documents."""

    says: Callable[[list[dict[str, str]]], str]
    heard: list[Any] = field(default_factory=list)
    url: str = ""
    whole: object = None

    def respond(self, asked: dict[str, Any], headers: Any) -> tuple[int, dict[str, str], str]:
        self.heard.append((asked, dict(headers)))
        return 200, {}, self.says(asked["messages"])


@contextmanager
def served(who: Host | ChatModel) -> Iterator[str]:
    """Serve chat completions, and yield the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, text = who.respond(asked, self.headers)
            bill = {"charged_wei": str(getattr(who, "amount_wei", 0)), "paid_by": "x402"}
            said = {"choices": [{"message": {"role": "assistant", "content": text}}], "fl_alliance": bill}
            body = json.dumps(said if who.whole is None or status != 200 else who.whole).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    who.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield who.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
