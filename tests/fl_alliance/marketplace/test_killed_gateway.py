"""A gateway in a process of its own that is killed again and again: no voucher is lost, no answer charged twice."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bazaar
import fairground
import pytest
from bazaar import CALLER, HOST
from fairground import PAYER

from fl_alliance.chain.connect import connected
from fl_alliance.chain.dao_deploy import add_dao, hand_over
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.market import deploy_market
from fl_alliance.chain.marketplace import add_marketplace
from fl_alliance.chain.node.serve import Listener
from fl_alliance.chain.node.served import open_chain
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.keys import development_key
from fl_alliance.marketplace.caller import Caller, Means, question
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.errors import GatewayFailed
from fl_alliance.marketplace.pricing import charge_wei

ROOT = Path(__file__).resolve().parents[3]
CALLS, KILLS = 18, 3


@contextmanager
def town(root: Path) -> Iterator[tuple[fairground.Fairground, str]]:
    """A served chain with a marketplace on it."""
    listener = Listener("127.0.0.1", 0)
    backend = fairground.BackendServer()
    with listener.serving(open_chain(None, None, 1.0, 0.5)), connected(listener.url) as w3:
        bank = Sender(w3, development_key(0))
        market = add_dao(bank, deploy_market(bank, bank.rpc.second() + 3_600), bank.address)
        deployment = add_marketplace(bank, market)
        hand_over(bank, deployment)
        (root / "market").mkdir()
        deployment.save(root / "market" / "market.json")
        for key in (HOST, CALLER):
            Fml(bank, deployment.fml).transfer(key.address, 10_000 * WEI_PER_FML)
        ground = fairground.Fairground(bazaar.Bazaar(w3, deployment), root / "market", backend)
        ground.list_models()
        yield ground, listener.url
    backend.close()


class Process:
    """`fl-alliance market serve`, which is started again whenever it was killed."""

    def __init__(self, root: Path, chain: str, backend: str) -> None:
        self._environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        self._environment.pop("FL_ALLIANCE_KEY", None)
        host = f"key.development={[development_key(index).address for index in range(10)].index(HOST.address)}"
        command = ["market", "serve", "2", host, f"chain.url={chain}", "folder=market", "--free-stake", "0"]
        self._command = [sys.executable, "-m", "fl_alliance.cli.main", *command, "--port", "0", "--backend", backend]
        self._root = root
        self.start()

    def start(self) -> None:
        piped = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self._process = subprocess.Popen(self._command, cwd=self._root, env=self._environment, **piped)
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if line.startswith("serving "):
                self.url = line.removeprefix("serving ").strip().removesuffix("/v1")
                return
        raise AssertionError("".join(said))

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)


def test_killed_again_and_again_nothing_is_lost_and_nothing_charged_twice(tmp_path: Path) -> None:
    with town(tmp_path) as (ground, chain):
        ground.fair.revenue(CALLER).deposit(100 * WEI_PER_FML)
        process, chance = Process(tmp_path, chain, ground.backend.url), random.Random(5)
        ground.backend.pause_s = 0.01
        caller, charged, kills, number = ground.caller("", CALLER), 0, 0, 0
        try:
            while number < CALLS:
                caller.url = process.url
                killer = None
                if kills < KILLS and number >= kills * CALLS // KILLS:
                    kills += 1
                    killer = threading.Timer(chance.uniform(0.0, 0.08), process.kill)
                    killer.start()
                try:
                    answer = call(caller, number)
                    charged += int(answer["fl_alliance"]["charged_wei"])  # type: ignore[index]
                    number += 1
                except GatewayFailed:
                    assert killer is not None
                if killer is not None:
                    killer.join()
                    process.start()
            assert process.stop() == 0
        finally:
            process.kill()
        stall = ground.stall()
        assert kills == KILLS
        assert caller.purse.owed(2).owed_wei == charged
        assert stall.revenue.paid_wei(2, CALLER.address) == charged
        assert stall.revenue.earned(2) == (charged, CALLS)
        with ground.gateway(models=[2]) as (gateway, _):
            account = gateway.books.account(CALLER.address, 2)
            assert (account.owed_wei, account.reserved_wei, account.calls) == (charged, 0, CALLS)


def call(caller: Caller, number: int) -> dict[str, object]:
    asked = [Message("user", f"Question {number}?")]
    try:
        return caller.call(question(2, asked, 10, is_streamed=number % 2 == 1), Means.VOUCHER, WEI_PER_FML)
    except GatewayFailed:
        time.sleep(0.05)
        raise


def test_a_gateway_that_is_killed_in_a_stream_gives_the_payment_back(tmp_path: Path) -> None:
    """The payer has heard some of it, and cannot have taken it back; the host was paid nothing."""
    price_wei = charge_wei(fairground.TOKENS_WEI, 50)
    with town(tmp_path) as (ground, chain):
        token = Fml(ground.fair.sender(CALLER), ground.fair.deployment.fml)
        token.transfer(PAYER.address, WEI_PER_FML)
        process, heard = Process(tmp_path, chain, ground.backend.url), list[str]()
        ground.backend.words, ground.backend.pause_s = ["word "] * 50, 0.1

        def said(piece: str) -> None:
            heard.append(piece)
            if len(heard) == 2:
                process.kill()

        try:
            asked, caller = (
                question(fairground.TALKER, [Message("user", "Juice?")], 50, True),
                ground.caller(process.url),
            )
            with pytest.raises(GatewayFailed):
                caller.call(asked, Means.X402, WEI_PER_FML, said)
            assert 2 <= len(heard) < 50
            revenue = ground.fair.revenue()
            assert token.balance_wei(PAYER.address) == WEI_PER_FML - price_wei
            assert token.balance_wei(revenue.address) == price_wei
            process.start()
            assert process.stop() == 0  # at once after it has said that it serves
        finally:
            process.kill()
        assert (token.balance_wei(PAYER.address), token.balance_wei(revenue.address)) == (WEI_PER_FML, 0)
        assert revenue.earned(fairground.TALKER) == (0, 0)
