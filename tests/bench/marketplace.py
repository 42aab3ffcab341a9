"""1,000 random calls over HTTP by x402, vouchers and API keys, against a real gateway and chain; where the money went.

    python tests/bench/marketplace.py                      1,000 calls by three payers at once, half a minute
    python tests/bench/marketplace.py --calls 100          something smaller first

Two listings of the tabular glucose model, one with an accepted document and one without; some calls are malformed and
cost nothing; what was earned is collected all the while. Prints calls a second and whose CPU they took. Ends with 1
where host + contributors + burned are not what was paid, to the wei, or a payment was split otherwise than by the rule.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from fl_alliance.arena.store import name_content
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.documents import Verdict
from fl_alliance.chain.rules.revenue import split_payment
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.learners import network_kind
from fl_alliance.marketplace.admission import FreeRate
from fl_alliance.marketplace.caller import Caller, Means, prediction
from fl_alliance.marketplace.demo.town import ASKER, CONTRIBUTOR, HOLDER, HOST, NODE, RIVAL, Town, founded
from fl_alliance.marketplace.errors import GatewayFailed
from fl_alliance.marketplace.lineage import Lineage
from fl_alliance.marketplace.serving import Gateway, Setup

PAYERS = (ASKER, NODE, RIVAL)
PRICES_WEI = (WEI_PER_FML // 10, WEI_PER_FML // 7 + 3)
CAP_WEI, DEPOSIT_WEI = WEI_PER_FML, 10_000 * WEI_PER_FML
HISTORY = [110.0 + step for step in range(24)]
VOTE_S, COLLECT_S = 3 * 86_400, 2.0


@dataclass
class Clock:
    """CPU seconds of one part, over all threads."""

    cpu_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def timed(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*given: Any, **named: Any) -> Any:
            began = time.thread_time()
            try:
                return work(*given, **named)
            finally:
                with self._lock:
                    self.cpu_s += time.thread_time() - began

        return measured


@dataclass
class Payer:
    """An account that calls at random, one call after another."""

    caller: Caller
    chance: random.Random
    answered: Counter[str] = field(default_factory=Counter)
    keys: dict[int, str] = field(default_factory=dict)
    client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=120))

    def call(self, models: list[int]) -> None:
        model = self.chance.choice(models)
        rows = [[self.chance.uniform(80, 180) for _ in HISTORY] for _ in range(self.chance.randrange(1, 5))]
        if self.chance.random() < 0.05:
            rows[0].pop()
        means = self.chance.choice(("x402", "voucher", "session"))
        try:
            if means == "session":
                self._by_key(model, rows)
            else:
                self.caller.call(prediction(model, rows), Means(means), CAP_WEI)
            self.answered[means] += 1
        except GatewayFailed as refused:
            if "needed 24" not in str(refused):
                raise
            self.answered["malformed"] += 1

    def _by_key(self, model: int, rows: list[list[float]]) -> None:
        """Call as a client that has nothing but an API key; where that is used up the account makes another."""
        for _ in range(2):
            key = self.keys.get(model) or self.caller.session(model, CAP_WEI, 3_600).encode()
            self.keys[model] = key
            response = self.client.post(
                f"{self.caller.url}/v1/predict",
                json=dict(prediction(model, rows).content),
                headers={"Authorization": f"Bearer {key}"},
            )
            if response.status_code != 402:
                break
            del self.keys[model]
        if response.status_code != 200:
            raise GatewayFailed(response.json()["error"]["message"])


def listed(town: Town) -> list[int]:
    """List the model twice, and have a document accepted for the first."""
    stall, found = town.stall(HOST), []
    for seed, price_wei in enumerate(PRICES_WEI, start=1):
        content = network_kind("tabular", "glucose").initial(seed)
        lineage = stall.place.store.put(
            Lineage("tabular", {"workload": "glucose", "options": {}}, "glucose", "", {}).encode()
        )
        digest = stall.place.store.put(content).digest
        assert digest == name_content(content).digest
        model = stall.models.list(digest, lineage.digest, lineage.digest, price_wei, stall.models.min_stake_wei)
        found.append(model)
    contributor = town.stall(CONTRIBUTOR)
    number = contributor.documents.contribute(found[0], contributor.place.store.put(b"Glucose.").digest)
    town.stall(HOLDER).documents.judge(number, Verdict.RELEVANT)
    town.clock.wait_until(town.clock.now() + VOTE_S)
    contributor.documents.settle(number)
    return found


@contextmanager
def served(town: Town) -> Iterator[tuple[Gateway, str]]:
    setup = Setup(port=0, free=FreeRate(0, 0, 1), collect_s=COLLECT_S)
    gateway = Gateway(town.stall(HOST), setup, [], lambda line: None)
    try:
        with gateway.listening() as (server, url):
            thread = threading.Thread(target=server.run)
            thread.start()
            while not server.is_started:
                time.sleep(0.01)
            try:
                yield gateway, url
            finally:
                server.stop()
                thread.join()
    finally:
        gateway.close()


def held_wei(town: Town, keys: tuple[NodeKey, ...]) -> int:
    revenue = town.stall(HOST).revenue
    return sum(town.fml.balance_wei(key.address) + revenue.account(key.address).balance_wei for key in keys)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_000, help="in all (default: 1000)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chain, model_cpu, failures = Clock(), Clock(), list[BaseException]()
    with tempfile.TemporaryDirectory() as folder, founded(Path(folder)) as town:
        models = listed(town)
        stall = town.stall(HOST)
        for key in PAYERS:
            town.stall(key).revenue.deposit(DEPOSIT_WEI)
        town.w3.provider.make_request = chain.timed(town.w3.provider.make_request)  # type: ignore[method-assign]
        before = held_wei(town, PAYERS), town.fml.balance_wei(HOST.address), town.fml.total_supply_wei
        first = stall.place.rpc.number("eth_blockNumber") + 1
        with served(town) as (gateway, url):
            for one in gateway.counter.served.values():
                engine: Any = one.seat.engine
                engine.predict = model_cpu.timed(engine.predict)
            payers = [
                Payer(town.caller(key, url), random.Random(f"{arguments.seed}:{number}"))
                for number, key in enumerate(PAYERS)
            ]
            left = iter(range(arguments.calls))

            def work(payer: Payer) -> None:
                try:
                    for _ in left:
                        payer.call(models)
                except BaseException as error:
                    failures.append(error)
                    raise

            chain.cpu_s, began, cpu = 0.0, time.monotonic(), time.process_time()
            threads = [threading.Thread(target=work, args=(payer,)) for payer in payers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took_s, cpu_s, chain_s = time.monotonic() - began, time.process_time() - cpu, chain.cpu_s
        answered = sum((payer.answered for payer in payers), Counter[str]())
        return told(town, models, before, first, answered, (took_s, cpu_s, chain_s, model_cpu.cpu_s)) or bool(failures)


def told(
    town: Town,
    models: list[int],
    before: tuple[int, int, int],
    first: int,
    answered: Counter[str],
    figures: tuple[float, float, float, float],
) -> int:
    """Print where the money went and what it took; return 1 where that does not add up."""
    stall, split = town.stall(HOST), town.stall(HOST).revenue.split()
    payments = stall.revenue.payments(first)
    spent_wei = before[0] - held_wei(town, PAYERS)
    host_wei = town.fml.balance_wei(HOST.address) - before[1]
    burned_wei = before[2] - town.fml.total_supply_wei
    contributors_wei = stall.documents.share_wei(models[0]) + stall.documents.due_wei(CONTRIBUTOR.address)
    by_rule = all(one.parts == split_payment(one.amount_wei, split, one.model == models[0]) for one in payments)
    paid = {model: sum(one.amount_wei for one in payments if one.model == model) for model in models}
    holds = by_rule and spent_wei == host_wei + contributors_wei + burned_wei == sum(paid.values())
    calls = sum(answered.values())
    took_s, cpu_s, chain_s, model_s = figures
    print(", ".join(f"{count} {means}" for means, count in sorted(answered.items())))
    print(f"{calls} calls in {took_s:.1f} s: {calls / took_s:.1f} a second, {1e3 * cpu_s / calls:.1f} ms CPU a call")
    rest_s = cpu_s - chain_s - model_s
    print(f"CPU: chain {chain_s:.1f} s, model {model_s:.2f} s, HTTP, signatures and books of all {rest_s:.1f} s")
    print(f"{len(payments)} payments on the chain over {sum(paid.values())} wei")
    parts = f"host {host_wei} + contributors {contributors_wei} + burned {burned_wei}"
    print(f"payers spent {spent_wei} wei; {parts}: {'equal, to the wei' if holds else 'DIFFERENT'}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
