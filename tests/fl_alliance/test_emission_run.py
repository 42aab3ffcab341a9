"""A real run that a market's emission pays: it keeps its own days, killed or not, and a keeper does the last one."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fl_alliance.arena.store import open_store
from fl_alliance.audit import audit
from fl_alliance.bookkeeping import read_books
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.alliance_market import AllianceMarket
from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import advance_to, connected
from fl_alliance.chain.deploy import ALLIANCE_MARKET, EMISSION, Deployment
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.market import MarketTerms, deploy_market
from fl_alliance.chain.rules.alliance_pay import delegated_weight, delegators_share, reward_parts
from fl_alliance.chain.rules.emission import daily_wei, split, task_share
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML, WEI_PER_GWEI, Phase
from fl_alliance.config import ConfigError, load_config
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


def test_a_run_has_the_emission_pay_it_and_a_keeper_has_its_last_day_paid(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.go_on(1)
    deployed = Deployment.load(place.market / "market.json")
    assert deployed.contracts == Deployment.load(place.folder.manifest).contracts
    assert place.done()["AcceptanceNoted", 0] == 1

    with place.opened() as (ledger, market):
        assert market.emission.is_verified(market.address, TASK)
        assert not market.is_note_due(TASK)
        delegate, pool = open_pool(place, ledger, market)

    place.go_on(2)
    assert place.done()["AcceptanceNoted", 0] == 1
    with place.opened() as (ledger, market):
        staked, before = market.stake_wei(TASK), ledger.state(TASK).pool_gwei
        assert staked == sum(member.balance_gwei for member in ledger.members(TASK)) * WEI_PER_GWEI + DELEGATED_WEI
        assert market.emission.stake_gwei(market.address, TASK, 0) == staked // WEI_PER_GWEI

    place.end_day(0)
    place.go_on(3)
    amount = task_share(split(daily_wei(0), 0, staked)[1], staked, staked) // WEI_PER_GWEI * WEI_PER_GWEI
    weight = delegated_weight(DELEGATED_WEI, SIGMA_BPS)
    parts = reward_parts(amount, staked // WEI_PER_GWEI, weight)
    earned = delegators_share(parts.delegated_wei, weight, weight)
    assert earned == parts.delegated_wei > 0
    assert place.told.count(f"the emission paid {amount / WEI_PER_FML:,.2f} FML for day 0") == 1
    with place.opened() as (ledger, market):
        assert market.claimable_wei(TASK, delegate) == 0
        assert Fml(ledger.sender, ledger.token).balance_wei(pool) == DELEGATED_WEI + earned
        [settled] = [record for record in place.folder.rounds() if record.round == 3]
        assert settled.reward == (before + parts.pool_wei // WEI_PER_GWEI) // 2  # two rounds were left

    place.go_on(is_stopped=False)
    with place.opened() as (ledger, market):
        assert ledger.state(TASK).phase is Phase.FINISHED
        assert not market.is_over(TASK)
        last = market.emission.stake_gwei(market.address, TASK, 1)
        assert last > 0
        assert market.stake_wei(TASK) == 0
    keep(place)
    found = place.done()
    assert found["AcceptanceNoted", 1] == found["ShareDrawn", 0] == found["ShareDrawn", 1] == 1
    with place.opened() as (ledger, market):
        assert market.emission.stake_gwei(market.address, TASK, 2) == 0
        assert len(market.rewards(TASK)) == 2
        assert Fml(ledger.sender, ledger.token).balance_wei(pool) > DELEGATED_WEI + earned

    books = read_books(place.folder)
    assert books.flows.is_even
    assert books.flows.funded_gwei == 1_000 * 10**9 + parts.pool_wei // WEI_PER_GWEI
    audited = audit(place.market / "chain.db").audited
    assert audited.addresses[ALLIANCE_MARKET] == deployed.address(ALLIANCE_MARKET)


@pytest.mark.parametrize("killed", ["note", "close_days", "draw_receipt", "claim"])
@pytest.mark.parametrize("is_sent", [False, True])
def test_a_run_that_is_killed_around_any_step_does_none_twice(
    killed: str, is_sent: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, "rule=majority")
    place.words.append("rule.reward=stake")
    if killed != "note":
        place.go_on(1)
        with place.opened() as (ledger, market):
            open_pool(place, ledger, market)
        place.go_on(2)
        place.end_day(0)
    owner = Emission if killed in ("close_days", "draw_receipt") else AllianceMarket
    step = getattr(owner, killed)

    def dies(*args: Any) -> Any:
        if is_sent:
            step(*args)
        raise Stopped

    with monkeypatch.context() as once:
        once.setattr(owner, killed, dies)
        place.go_on()
    place.go_on(3)
    place.end_day(0)
    place.go_on(is_stopped=False)
    found = place.done()
    steps = [(name, 0) for name in ("AcceptanceNoted", "DayClosed", "ShareDrawn", "RewardSplit")]
    assert {step: found[step] for step in steps} == dict.fromkeys(steps, 1)
    if killed != "note":
        assert sum(count for (name, _), count in found.items() if name == "RewardClaimed") == 1


def test_a_market_whose_alliance_is_of_the_other_rule_is_refused(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.go_on(1)
    place.folder = RunFolder(tmp_path / "other")
    words = [word for word in place.words if word != "rule=candidates"] + ["rule=majority"]
    with pytest.raises(ConfigError, match=r"rule=majority: the Alliance of .* is of rule=candidates"):
        run(load_config(words), place.folder, listener=lambda _: None, overrides=words)


def test_a_market_that_is_not_there_is_refused_and_no_chain_begun(tmp_path: Path) -> None:
    words = [*WORDS, f"market.folder={tmp_path}", "market.emission=true"]
    with pytest.raises(ConfigError, match="there is no chain"):
        run(load_config(words), RunFolder(tmp_path / "run"), listener=lambda _: None, overrides=words)
    assert not (tmp_path / "chain.db").exists()
    with pytest.raises(ConfigError, match=r"needs market\.url"):
        load_config([*words, "chain.url=http://127.0.0.1:1", "market.url=http://127.0.0.1:2"])


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
