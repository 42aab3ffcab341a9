"""The marketplace by commands, on a real node: deploy, list, serve, call, chat, rate, contribute, withdraw, close."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import fairground
import httpx
import pytest

from fl_alliance.arena.store import open_store
from fl_alliance.chain.connect import advance_to, close, connect
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.errors import AnvilMissing
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.revenue import Revenue
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.cli.main import main
from fl_alliance.market.keys import development_key
from fl_alliance.market.place import place_of
from fl_alliance.marketplace.stall import Stall

ROOT = Path(__file__).resolve().parents[3]
HOST, HOLDER, CALLER = 0, 1, 3
ROW = ",".join(map(str, fairground.HISTORY))


@dataclass
class Desk:
    """A chain, commands on it, and a gateway."""

    url: str
    capsys: pytest.CaptureFixture[str]
    backend: fairground.BackendServer
    gateway: str = ""
    process: "subprocess.Popen[str] | None" = None

    def said(self, *words: str, by: int | None = None, code: int = 0) -> str:
        whose = [] if by is None else [f"key.development={by}"]
        try:
            found = main([*words, f"chain.url={self.url}", *whose])
        except SystemExit as leaving:
            found = int(leaving.code or 0)
        shown = self.capsys.readouterr()
        assert found == code, shown
        assert code != 2 or shown.err.count("\n") == 1, shown.err
        return shown.out + shown.err

    def market(self, *words: str, by: int | None = None, code: int = 0) -> str:
        return self.said("market", *words, by=by, code=code)

    def calling(self, *words: str, code: int = 0) -> str:
        return self.market(*words, "--gateway", self.gateway, code=code)

    def serve(self) -> None:
        self.process, self.gateway = self.started("serve", "--backend", self.backend.url, "--free-stake", "100000")

    def started(self, *words: str) -> tuple["subprocess.Popen[str]", str]:
        """A server that is a command, and its URL."""
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        command = [
            sys.executable,
            "-m",
            "fl_alliance.cli.main",
            "market",
            *words,
            f"chain.url={self.url}",
            "--port",
            "0",
        ]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("serving "):
                return process, line.split()[1].removesuffix("/v1")
        raise AssertionError(f"{words[0]} did not start")

    def stop(self) -> str:
        """What the gateway said at its end."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return said


@pytest.fixture
def desk(
    backend: "fairground.BackendServer",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FL_ALLIANCE_KEY", raising=False)
    backend.__dict__.update(asked=[], words=("Drink", " some", " juice", "."), fails_after=None, pause_s=0.0)
    try:
        w3 = connect("anvil://")
    except AnvilMissing as missing:
        pytest.skip(str(missing))
    found = Desk(str(w3.provider.endpoint_uri), capsys, backend)  # type: ignore[attr-defined]
    found.said("arena", "deploy")
    assert "has no marketplace" in found.market("models", code=2)
    found.said("dao", "deploy", "--yes")
    found.said("dao", "lock", "500000", "--yes", by=HOLDER)
    advance_to(w3, Rpc(w3).second() + 2)  # votes count a second later
    yield found
    if found.process is not None:
        found.process.kill()
    close(w3)


def _list_glucose(desk: Desk) -> None:
    w3 = connect(desk.url)
    market = Deployment.load(Path("market/market.json"))
    stall = Stall.at(place_of(w3, market, development_key(HOST), open_store("market/store"), Path("market/state")))
    package = fairground.glucose_package()
    card, lineage = package.publish(stall.place.store)
    stall.models.list(package.digest, card, lineage, fairground.CALL_WEI, stall.models.min_stake_wei)
    close(w3)


def _pay_till(desk: Desk, amount_wei: int) -> None:
    w3 = connect(desk.url)
    market, sender = Deployment.load(Path("market/market.json")), Sender(w3, development_key(HOLDER))
    Fml(sender, market.fml).transfer(Revenue(sender, market).till(1), amount_wei)
    Revenue(sender, market).sweep(1)
    close(w3)


@pytest.mark.anvil
def test_a_models_life_by_commands(desk: Desk, tmp_path: Path) -> None:
    assert "nothing is listed" in desk.market("models")
    assert "needs at most" in desk.market("list", "openai:talker", "--price", "1e30", "--yes", code=2)
    assert "nobody is at a terminal" in desk.market("list", "openai:talker", "--price", "7", code=2)
    assert "listed as model 1" in desk.market("list", "openai:talker", "--price", "7", "--yes")
    assert "7.0000 FML a thousand tokens" in desk.market("models")
    _list_glucose(desk)
    assert "needs 0 at least" in desk.market("serve", "--free-most", "-1", code=2)
    assert "needed a number" in desk.market("serve", "talker", code=2)
    assert "needed a certificate chain" in desk.market("serve", "--backend", "http://x/v1", "--tls", "no.pem", code=2)
    assert "needs a backend" in desk.market("serve", code=2)
    assert "of 0x" in desk.market("serve", by=CALLER, code=2)
    desk.serve()
    taken = ("serve", "2", "--port", desk.gateway.rsplit(":", 1)[1])
    assert "is in use" in desk.market(*taken, code=2)

    assert "the cap is 0.0500 FML" in desk.calling("call", "2", "--row", ROW, "--cap", "0.05", code=2)
    assert "needed 24" in desk.calling("call", "2", "--row", "110", "--cap", "1", "--by", "free", code=2)
    called = desk.calling("call", "2", "--row", ROW, "--cap", "0.1")
    assert json.loads(called.splitlines()[0])["forecast"] == [fairground.HISTORY[-1]]
    assert "paid 0.1000 FML (x402)" in called
    refused = desk.calling("chat", "1", "What do I drink?", "--cap", "2", code=2)
    assert "fl-alliance market deposit" in refused
    assert "holds 10.0000 FML" in desk.market("deposit", "10", "--yes")
    asked = desk.calling("chat", "1", "What do I drink?", "--cap", "2")
    assert asked.startswith("Drink some juice.\npaid 0.0280 FML (voucher)")

    proxy, near = desk.started("proxy", "--cap", "0.1", "--gateway", desk.gateway)
    question = {"model": "model-1", "messages": [{"role": "user", "content": "Hello?"}], "max_tokens": 4}
    assert httpx.post(f"{near}/v1/chat/completions", json=question, trust_env=False).status_code == 200
    rows = {"model": "model-2", "inputs": [fairground.HISTORY]}
    predicted = httpx.post(f"{near}/v1/predict", json=rows, trust_env=False)
    assert predicted.status_code == 402
    assert "are gone" in predicted.json()["error"]["message"]
    assert "end it first" in desk.calling("chat", "1", "What do I drink?", "--cap", "2", code=2)
    proxy.send_signal(signal.SIGTERM)
    assert "spent 0.0280 FML for 1 answers" in proxy.communicate(timeout=60)[0]
    assert proxy.returncode == 0
    proxy, near = desk.started("proxy", "--cap", "0.1", "--gateway", desk.gateway)
    predicted = httpx.post(f"{near}/v1/predict", json=rows, trust_env=False)
    assert predicted.json()["forecast"] == [fairground.HISTORY[-1]]
    proxy.send_signal(signal.SIGTERM)
    assert "spent 0.1000 FML for 1 answers" in proxy.communicate(timeout=60)[0]

    for wrong in ("-1", "0", "x", "70000"):
        assert "needed 1 to 65536" in desk.calling("chat", "1", "Hello?", "--cap", "2", "--tokens", wrong, code=2)
    for wrong in ("-1", "nan", "inf", "x"):
        assert "above 0" in desk.calling("key", "1", "--hours", wrong, code=2)
    key = desk.calling("key", "1", "--cap", "1").strip()
    told = httpx.post(
        f"{desk.gateway}/v1/chat/completions",
        json={"model": "model-1", "messages": [{"role": "user", "content": "Hello?"}], "max_tokens": 4},
        headers={"Authorization": f"Bearer {key}"},
        trust_env=False,
    )
    assert told.json()["fl_alliance"]["paid_by"] == "session"
    assert "in use" in desk.market("collect", code=2)
    assert "collected" in desk.stop()
    assert "collected 0.0000 FML" in desk.market("collect")

    assert "has paid for no call" in desk.market("rate", "1", "5", "--yes", by=HOLDER, code=2)
    assert "model 1 has 4.0 stars of 1" in desk.market("rate", "1", "4", "--yes")
    shown = json.loads(desk.market("models", "--trending", "--json"))
    assert {one["model"]: (one["direct_calls"], one["raters"]) for one in shown} == {1: (0, 1), 2: (1, 0)}
    assert shown[0]["trend"] >= shown[1]["trend"] > 0
    assert "# talker" in desk.market("models", "--model", "1", "--card")


@pytest.mark.anvil
def test_documents_accounts_and_listings_by_commands(desk: Desk, tmp_path: Path) -> None:
    desk.market("list", "openai:talker", "--price", "7", "--yes")
    (tmp_path / "juice.md").write_text("Hypoglycaemia: drink\x1b[2J juice.")
    (tmp_path / "empty.md").write_text(" ")
    assert "is empty" in desk.market("contribute", "1", "empty.md", "--yes", code=2)
    assert "needed one" in desk.market("contribute", "1", "--yes", code=2)
    assert "document 1" in desk.market("contribute", "1", "juice.md", "--yes")
    judged = desk.market("judge", "1", "relevant", "--yes", by=HOLDER)
    assert "| Hypoglycaemia: drink [2J juice." in judged
    assert "1 of model 1: in its vote" in desk.market("documents")
    assert "WrongTime" in desk.market("settle", "1", code=2)
    w3 = connect(desk.url)
    advance_to(w3, Rpc(w3).second() + 3 * 86_400)
    assert "document 1 is accepted" in desk.market("settle", "1")
    assert "accepted, 0 uses" in desk.market("documents", "--model", "1")

    assert "nothing of the contributors' share of model 1 waits" in desk.market("share", "1")
    _pay_till(desk, WEI_PER_FML)
    assert "in 30 d" in desk.market("share", "1", "--yes", by=HOLDER)
    assert "0.2000 FML can be shared out in" in desk.market("share", "1")
    advance_to(w3, Rpc(w3).second() + 30 * 86_400)
    assert "each document has 0.2000 FML" in desk.market("share", "1", "--yes", by=HOLDER)
    assert "can take 0.2000 FML" in desk.market("documents")
    assert "0.2000 FML came in" in desk.market("contribute", "1", "--withdraw", "--yes")
    assert "can take 0.0000 FML" in desk.market("documents")

    desk.market("deposit", "10", "--yes")
    assert "can be taken in 3 d" in desk.market("withdraw", "--yes")
    assert "can be taken in" in desk.market("withdraw", "--yes")
    assert "stays" in desk.market("withdraw", "--stay", "--yes")
    desk.market("withdraw", "--yes")
    advance_to(w3, Rpc(w3).second() + 3 * 86_400)
    assert "10.0000 FML came back" in desk.market("withdraw", "--yes")

    assert "model 1 costs 8.0000 FML" in desk.market("price", "1", "8", "--yes")
    assert f"it is of {development_key(HOST).address}" in desk.market("price", "1", "8", "--yes", by=CALLER, code=2)
    assert "no model 9" in desk.market("price", "9", "8", "--yes", code=2)
    assert "closed" in desk.market("close", "1", "--yes")
    assert "nothing is listed" in desk.market("models")
    assert "closed" in desk.market("models", "--all")
    advance_to(w3, Rpc(w3).second() + 8 * 86_400)
    assert "1,000.0000 FML came back" in desk.market("close", "1", "--yes")
    close(w3)


@pytest.mark.parametrize("command", ["models", "documents"])
@pytest.mark.parametrize("word", ["2", "model-2"])
def test_a_models_number_alone_is_refused_with_the_option_that_takes_it(
    command: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["market", command, word]) == 2
    needed = f"needs --model before it, --model {word}, or NAME=VALUE for a setting"
    assert capsys.readouterr().err == f"fl-alliance market {command}: '{word}': {needed}\n"
