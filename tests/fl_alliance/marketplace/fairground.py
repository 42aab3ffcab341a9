"""A marketplace with listed models behind a real gateway: what the marketplace's tests act with."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bazaar
from bazaar import CALLER, FAR, HOST, OTHER_CALLER, Bazaar

from fl_alliance.arena.store import Store, name_content, open_store
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.call_vouchers import TillPayment
from fl_alliance.chain.connect import advance_to
from fl_alliance.chain.deploy import TOKEN
from fl_alliance.chain.documents import Verdict
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.messages import long_signature
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.learners import network_kind
from fl_alliance.market.place import place_of
from fl_alliance.marketplace.admission import FreeRate
from fl_alliance.marketplace.caller import Caller, _Signer
from fl_alliance.marketplace.demands import payment_of
from fl_alliance.marketplace.facilitator import REQUIRED_HEADER
from fl_alliance.marketplace.lineage import Lineage
from fl_alliance.marketplace.listener import Server, bound
from fl_alliance.marketplace.loading import Backend
from fl_alliance.marketplace.packages import Package, remote_package
from fl_alliance.marketplace.purse import Purse
from fl_alliance.marketplace.serving import Gateway, Setup
from fl_alliance.marketplace.stall import Stall

if TYPE_CHECKING:
    import httpx

    from fl_alliance.marketplace.proxy import Spender

    Spending = tuple[Spender, str]

PAYER = NodeKey.derive(402, 0)
"""Holds FML and none of the chain's own coin."""
CALL_WEI = WEI_PER_FML // 10
TOKENS_WEI = 7 * WEI_PER_FML + 1
"""Of a thousand tokens; the odd wei shows the rounding."""
GLUCOSE, TALKER = 1, 2
HISTORY = [110.0 + step for step in range(24)]


class BackendServer:
    """An OpenAI-compatible service on loopback that answers word by word, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.words: Sequence[str] = ("Drink", " some", " juice", ".")
        self.fails_after: int | None = None
        self.pause_s = 0.0
        self.read: object = 11
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                if outer.fails_after == 0:
                    self.send_error(500)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                for number, word in enumerate(outer.words[: outer.asked[-1]["max_tokens"]]):
                    if outer.fails_after is not None and number >= outer.fails_after:
                        self._send({"error": {"message": "broken"}})
                        return
                    time.sleep(outer.pause_s)
                    self._send({"choices": [{"index": 0, "delta": {"content": word}}]})
                if outer.asked[-1].get("stream_options", {}).get("include_usage"):
                    self._send({"choices": [], "usage": {"prompt_tokens": outer.read}})
                self.wfile.write(b"data: [DONE]\n\n")

            def _send(self, content: dict[str, Any]) -> None:
                self.wfile.write(f"data: {json.dumps(content)}\n\n".encode())
                self.wfile.flush()

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Fairground:
    """A marketplace, its store, and callers."""

    fair: Bazaar
    root: Path
    backend: BackendServer
    told: list[str] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return open_store(self.root / "store")

    def stall(self, key: NodeKey = HOST) -> Stall:
        place = place_of(self.fair.w3, self.fair.deployment, key, self.store, self.root / "state")
        return Stall.at(place)

    def caller(self, url: str, key: NodeKey = PAYER) -> Caller:
        stall = self.stall(key)
        return Caller(stall, key, url, Purse(stall.folder("purse") / "signed.json"))

    def list_models(self) -> None:
        stall = self.stall()
        for package, price in ((glucose_package(), CALL_WEI), (remote_package("talker"), TOKENS_WEI)):
            card, lineage = package.publish(stall.place.store)
            stall.models.list(package.digest, card, lineage, price, bazaar.TERMS.host_stake_wei)

    def pay_in(self, key: NodeKey, amount_wei: int) -> None:
        """FML and no coin."""
        Fml(self.fair.sender(bazaar.HOLDER), self.fair.deployment.fml).transfer(key.address, amount_wei)

    def contribute(self, text: str, model: int = TALKER) -> int:
        """A document that holders have accepted; the chain's clock goes on by three days."""
        digest = self.store.put(text.encode()).digest
        number = self.fair.documents(bazaar.CONTRIBUTOR).contribute(model, digest)
        self.fair.documents(bazaar.HOLDER).judge(number, Verdict.RELEVANT)
        self.fair.wait(3 * bazaar.DAY)
        self.fair.documents(HOST).settle(number)
        return number

    @contextmanager
    def proxy(self, url: str, cap_wei: int, call_wei: int | None = None, key: NodeKey = CALLER) -> "Iterator[Spending]":
        """A proxy of a caller's before a gateway."""
        from fl_alliance.marketplace.proxy import Spender, create_proxy

        spender = Spender(self.caller(url, key), cap_wei, cap_wei if call_wei is None else call_wei)
        with bound("127.0.0.1", 0) as listener, running(Server(create_proxy(spender), listener)):
            yield spender, f"http://127.0.0.1:{listener.getsockname()[1]}"

    @contextmanager
    def gateway(self, free: FreeRate | None = None, models: Sequence[int] = ()) -> Iterator[tuple[Gateway, str]]:
        """A gateway of the host in a thread, and its URL."""
        backend = Backend(self.backend.url)
        setup = Setup(port=0, free=free or FreeRate(0, 0, 256), backend=backend, collect_s=3_600)
        gateway = Gateway(self.stall(), setup, list(models), self.told.append)
        try:
            with gateway.listening() as (server, url), running(server):
                yield gateway, url
        finally:
            gateway.close()


@contextmanager
def running(server: Server) -> Iterator[None]:
    """A server in a thread, that answers."""
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.is_started:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.stop()
        thread.join()


def signed(
    caller: Caller, response: "httpx.Response", most_wei: int = CALL_WEI, model: int = GLUCOSE
) -> dict[str, Any]:
    """A payment as x402's client makes it of what the gateway says."""
    header, terms = response.headers[REQUIRED_HEADER], caller._terms(model, most_wei)
    return payment_of(header, terms, _Signer(caller.key)).model_dump(by_alias=True)


def spent(payment: dict[str, Any], ground: Fairground, to: str, amount_wei: int) -> None:
    """The payer's own transfer by the payment's nonce, sent to the token by somebody else."""
    moved(ground, to, amount_wei, bytes.fromhex(payment["payload"]["authorization"]["nonce"].removeprefix("0x")))


def moved(ground: Fairground, to: str, amount_wei: int, nonce: bytes) -> None:
    """A transfer of the payer's, who has no coin, by an authorization."""
    given = TillPayment(PAYER.address, to, amount_wei, 0, FAR, nonce)
    signed = long_signature(ground.fair.authorized(given, PAYER))
    token = BoundContract(ground.fair.sender(OTHER_CALLER), TOKEN, ground.fair.deployment.fml)
    row = (PAYER.address, to, amount_wei, 0, FAR, nonce, signed[64], signed[:32], signed[32:64])
    token.send(200_000, "transferWithAuthorization", *row)


def glucose_package() -> Package:
    """The untrained glucose model, which says that glucose stays as it is."""
    kind = network_kind("tabular", "glucose")
    content = kind.initial(1)
    lineage = Lineage("tabular", {"workload": "glucose", "options": {}}, "glucose", "", {})
    return Package(content, name_content(content).digest, b"# card\n", lineage)


def now_on(fair: Bazaar) -> None:
    """Bring a chain that began long ago to our time, as a real one is."""
    advance_to(fair.w3, int(time.time()))
