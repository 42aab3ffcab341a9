"""A headless Chromium that looks at pages: what it loaded, what failed, when it painted; and a wallet inside it."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from eth_account.messages import encode_typed_data

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import long_signature
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import keccak

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
_PROVIDER = """
window.ethereum = {
  request: ({ method, params }) => window.walletRequest(method, JSON.stringify(params || [])).then((answer) => {
    const { error, result } = JSON.parse(answer);
    if (error) throw Object.assign(new Error(error), { code: 4001 });
    return result;
  }),
};
"""


class Look:
    """A page of the browser, and what went on in it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type in ("error", "warning") else None)
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def faults(self) -> list[str]:
        """What somebody who does not see the page, or uses it by keyboard or on a phone, would miss."""
        return list(self.page.evaluate(_FAULTS))

    def overflow_px(self) -> int:
        """How much wider than the window the page is."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def paint_ms(self) -> float:
        """When the page that is open painted its first content, in milliseconds after it was asked for."""
        script = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        return float(self.page.evaluate(script))


_FAULTS = (Path(__file__).parent / "faults.js").read_text()
"""What an accessibility audit (axe-core 4.14) found here once, and what is as easily lost again."""


class Wallet:
    """An EIP-1193 provider: keys of a node that signs for its development accounts.

    Attributes
    ----------
    asked : list of str
        The methods that pages asked for.
    refuses : bool
        Whether its person says no to signatures.
    """

    def __init__(self, rpc: Rpc, key: NodeKey, chain_id: int) -> None:
        self._rpc, self._key, self._chain_id = rpc, key, chain_id
        self.asked: list[str] = []
        self.refuses = self._is_connected = False

    def install(self, page: Any) -> None:
        page.expose_function("walletRequest", self._answer)
        page.add_init_script(_PROVIDER)

    def _answer(self, method: str, params: str) -> str:
        self.asked.append(method)
        try:
            return json.dumps({"result": self._result(method, json.loads(params))})
        except PermissionError as refusal:
            return json.dumps({"error": str(refusal)})

    def _result(self, method: str, params: list[Any]) -> Any:
        if method in ("eth_requestAccounts", "eth_accounts"):
            self._is_connected |= method == "eth_requestAccounts"
            return [self._key.address.lower()] if self._is_connected else []
        if method == "eth_chainId":
            return hex(self._chain_id)
        if method == "wallet_switchEthereumChain":
            self._chain_id = int(params[0]["chainId"], 16)
            return None
        if self.refuses:
            raise PermissionError("User rejected the request.")
        if method == "eth_sendTransaction":
            return self._rpc("eth_sendTransaction", params[0])
        if method == "eth_signTypedData_v4":
            assert params[0].lower() == self._key.address.lower()
            return signed_typed_data(self._key, json.loads(params[1]))
        raise PermissionError(f"no such method: {method}")


def signed_typed_data(key: NodeKey, data: dict[str, Any]) -> str:
    """The signature that a wallet gives of typed data; hashed by eth-account, not by what made them."""
    signable = encode_typed_data(full_message=data)
    digest = keccak(b"\x19" + signable.version + signable.header + signable.body)
    return "0x" + long_signature(key.sign_digest(digest)).hex()


def shoot(look: Look, name: str) -> None:
    """Keep a picture of the page, light and dark, where a folder is named for that."""
    if folder := os.environ.get("FL_ALLIANCE_SCREENSHOTS"):
        for scheme in ("light", "dark"):
            look.page.emulate_media(color_scheme=scheme)
            look.page.screenshot(path=str(Path(folder) / f"{name}-{scheme}.png"), full_page=True)


def chromium() -> str:
    """The browser's path; skips the test where there is none."""
    found = os.environ.get("FL_ALLIANCE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found or not Path(found).exists():
        pytest.skip("no Chromium: install it, or name it by FL_ALLIANCE_CHROMIUM")
    return found


@contextmanager
def browsing(**context: Any) -> Iterator[Any]:
    """Open a context of the browser, such as one that is dark or as narrow as a phone."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    path = chromium()
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield running.new_context(**context)
        running.close()
