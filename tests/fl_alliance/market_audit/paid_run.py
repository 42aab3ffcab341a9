"""A market in a folder, and a real run that its emission pays: stopped, gone on with, and kept."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fl_alliance.arena.store import open_store
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.alliance_market import AllianceMarket
from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import advance_to, connected
from fl_alliance.chain.deploy import ALLIANCE_MARKET, EMISSION, Deployment
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.market import MarketTerms, deploy_market
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.config import load_config
from fl_alliance.federation import DEVELOPMENT_SECRET
from fl_alliance.job import run
from fl_alliance.market.alliance_keeping import keep_alliance
from fl_alliance.market.keys import development_key
from fl_alliance.market.narrator import Narrator
from fl_alliance.market.place import place_of
from fl_alliance.market.settings import Network
from fl_alliance.records import RunFolder
from fl_alliance.strategies.events import Event, RoundSettled, Stage

DEADLINES = [f"alliance.{name}_s={20 * DAY_S}" for name in ("leader", "propose", "commit", "reveal")]
WORDS = [
    *("workload=linear", "rounds=4", "nodes=5", "alliance.proposers=2", "alliance.voters=2", "baselines=false"),
    *DEADLINES,
]
CREATOR = NodeKey(DEVELOPMENT_SECRET)
DELEGATOR = NodeKey(bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"))
DELEGATED_WEI, SIGMA_BPS, DELAY_S = 60 * WEI_PER_FML, 2_500, DAY_S
TASK = 1


class Stopped(Exception):
    """Somebody stopped the run."""


class Place:
    """A market in a folder, on a chain that only one process at a time opens, and a run that its emission pays."""

    def __init__(self, root: Path, rule: str = "rule=candidates") -> None:
        self.market, self.folder = root / "market", RunFolder(root / "run")
        self.words = [*WORDS, rule, f"market.folder={self.market}", "market.emission=true"]
        self.told: list[str] = []
        self.market.mkdir(parents=True)
        with connected(self.url) as w3:
            sender = Sender(w3, CREATOR)
            self.start_at = int(sender.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 60
            deployed = deploy_market(sender, self.start_at, terms=MarketTerms(withdrawal_delay_s=DELAY_S))
            deployed.save(self.market / "market.json")
            advance_to(w3, self.start_at)

    @property
    def url(self) -> str:
        return f"file://{(self.market / 'chain.db').resolve()}"

    def go_on(self, until: int | None = None, *, is_stopped: bool = True) -> None:
        """Begin the run or go on with it, to its end or until a round is settled."""

        def listener(event: Event) -> None:
            if isinstance(event, Stage):
                self.told.append(event.text)
            if isinstance(event, RoundSettled) and event.round == until:
                raise Stopped

        config, resume = load_config(self.words), self.folder.deployment.is_file()
        if until is None and not is_stopped:
            run(config, self.folder, listener=listener, overrides=self.words, resume=resume)
            return
        with pytest.raises(Stopped):
            run(config, self.folder, listener=listener, overrides=self.words, resume=resume)

    @contextmanager
    def opened(self) -> Iterator[tuple[Alliance, AllianceMarket]]:
        """The chain while the run is stopped, as the account that created the task."""
        with connected(self.url) as w3:
            ledger = Alliance(w3, Deployment.load(self.folder.manifest), CREATOR)
            yield ledger, AllianceMarket(ledger.sender, ledger.deployment.address(ALLIANCE_MARKET))

    def end_day(self, day: int) -> None:
        with self.opened() as (ledger, _):
            advance_to(ledger.w3, self.start_at + (day + 1) * DAY_S)

    def done(self) -> Counter[tuple[str, Any]]:
        """What the chain was told of the emission, each event with its day."""
        with self.opened() as (ledger, market):
            kept = interface(ALLIANCE_MARKET).events | interface(EMISSION).events
            places = [market.address, market.emission.address]
            logs = ledger.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": places})
        found: Counter[tuple[str, Any]] = Counter()
        for log in logs:
            topics = [bytes.fromhex(topic.removeprefix("0x")) for topic in log["topics"]]
            event = kept[topics[0]]
            values = event.values(topics, bytes.fromhex(log["data"].removeprefix("0x")))
            found[event.name, values.get("day", values.get("amountWei"))] += 1
        return found


def open_pool(place: Place, ledger: Alliance, market: AllianceMarket) -> tuple[str, str]:
    """Have the first member take a delegator, and return it and its pool."""
    delegate, seed = ledger.members(TASK)[0].address, load_config(place.words).seed
    key = next(key for site in range(5) if (key := NodeKey.derive(seed, site)).address == delegate)
    ledger.sender.send(delegate, b"", 21_000, "gas money", WEI_PER_FML)
    ledger.transfer(DELEGATOR.address, DELEGATED_WEI)
    pool = AllianceMarket(Sender(ledger.w3, key), market.address).open_pool(TASK, 0, SIGMA_BPS)
    delegator = AllianceMarket(Sender(ledger.w3, DELEGATOR), market.address).pool(TASK, delegate)
    assert delegator is not None
    delegator.deposit(DELEGATED_WEI)
    return delegate, pool


def keep(place: Place) -> None:
    """Keep the task as `fl-alliance arena keep alliance:1` does, on a clock that moves by half a day a look."""
    with connected(place.url) as w3:
        deployed = Deployment.load(place.folder.manifest)
        here = place_of(w3, deployed, development_key(3), open_store(place.market / "store"), place.market)
        keep_alliance(here, Network(1.0, 1.0), TASK, Narrator(), lambda _: advance_to(w3, here.now() + DAY_S // 2))
