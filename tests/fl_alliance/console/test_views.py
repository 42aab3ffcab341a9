"""What the index keeps of views is what the chain says, whatever happened; and no page asks what is kept."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import assembly
import bazaar
import console_stage
import fair as fairs
import pytest
from test_arena_pages import SPEC

from fl_alliance.arena.store import open_store
from fl_alliance.chain.alliance_refusals import NothingThere
from fl_alliance.chain.dao import Appearance, Support
from fl_alliance.chain.deploy import ALLIANCE_MARKET, EMISSION, GAUGES, MODELS, TREASURY
from fl_alliance.chain.documents import Verdict
from fl_alliance.chain.errors import ChainError, ChainUnreachable
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.gauges import Choice, Gauges, GaugesView
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.console import contests, filling, polls, proposals, shelf
from fl_alliance.console.fair import Fair
from fl_alliance.console.market import MarketFeed
from fl_alliance.console.sources import MarketSource, Sources
from fl_alliance.console.trying import trial_of
from fl_alliance.governance.actions import Actions
from fl_alliance.governance.parameters import PARAMETERS
from fl_alliance.marketplace.lineage import titles_of
from fl_alliance.marketplace.shelf import facts_of

if TYPE_CHECKING:
    from conftest import Console

DAY = 86_400


def kept(sources: Sources) -> dict[tuple[str, str], bytes]:
    """Every answer in the index, after making sure that pages read the same."""
    assert sources.market is not None
    feed = sources.market.feed
    with feed.index.reading() as db:
        rows = {(row["address"], row["calldata"]): row["answer"] for row in db.execute("SELECT * FROM view")}
    assert rows == {key: feed.views[key] for key in rows}
    return rows


def check(sources: Sources) -> int:
    """Hold every answer that is kept against the chain, and return how many there are."""
    assert sources.market is not None
    rows = kept(sources)
    for (address, calldata), answer in rows.items():
        found = sources.market.fair.rpc.bytes("eth_call", {"to": address, "data": calldata}, "latest")
        assert found == answer, (address, calldata)
    return len(rows)


class Town:
    """What can be done to a market with a DAO and a marketplace; each deed names what it did, or nothing."""

    def __init__(self, console: "Console", dice: random.Random) -> None:
        self.stage, self.dice = console.stage, dice
        self.dao, self.shop = console.stage.dao, console.stage.bazaar
        self.documents = 1

    def propose(self) -> None:
        author = self.dice.choice([assembly.PROPOSER, assembly.RIVAL, assembly.SMALL])
        call = self.dice.choice(
            [
                self.dao.call(EMISSION, "setPower", self.dice.choice((1, 2))),
                self.dao.call(EMISSION, "verify", self.stage.deployment.address(ALLIANCE_MARKET), 1),
                self.dao.call(TREASURY, "spend", self.stage.deployment.fml, author.address, WEI_PER_FML),
                self.dao.call(GAUGES, "setTerms", (2_500, 3_000, self.dice.randrange(1, 3_000), 50, WEI_PER_FML)),
            ]
        )
        self.dao.propose(call, text=f"{self.dice.random()}", by=author)

    def appear(self) -> None:
        number = self.dice.choice(self.dao.view.proposals()).number
        self.dao.by(self.dice.choice([assembly.LARGE, assembly.RIVAL])).appear(number, Appearance.PRESENT)

    def flag(self) -> None:
        self.dao.by(assembly.SMALL).appear(self.dice.choice(self.dao.view.proposals()).number, Appearance.SCAM)

    def vote(self) -> None:
        number = self.dice.choice(self.dao.view.proposals()).number
        self.dao.by(self.dice.choice([assembly.LARGE, assembly.SMALL])).vote(number, self.dice.choice(list(Support)))

    def go_on(self) -> None:
        proposal, member = self.dice.choice(self.dao.view.proposals()), self.dao.by(assembly.STRANGER)
        deed = self.dice.choice([member.queue, member.execute, lambda one: member.settle_stake(one.number)])
        deed(proposal)

    def cancel(self) -> None:
        proposal = self.dice.choice(self.dao.view.proposals())
        author = next(
            key for key in (assembly.PROPOSER, assembly.RIVAL, assembly.SMALL) if key.address == proposal.proposer
        )
        self.dao.by(author).cancel(proposal)

    def list_model(self) -> None:
        self.shop.listed(keccak(b"%f" % self.dice.random()))

    def price(self) -> None:
        self.shop.models().set_price(self._model(), self.dice.randrange(WEI_PER_FML))

    def close(self) -> None:
        self.shop.models().close(self._model())

    def pay(self) -> None:
        model, payer = self._model(), Fml(self.shop.sender(bazaar.CALLER), self.stage.deployment.fml)
        payer.transfer(self.shop.revenue().till(model), self.dice.randrange(1, WEI_PER_FML))
        if self.dice.random() < 0.5:
            self.shop.revenue().sweep(model)

    def contribute(self) -> None:
        document = self.shop.documents(bazaar.CONTRIBUTOR).contribute(self._model(), keccak(b"%f" % self.dice.random()))
        self.shop.documents(bazaar.HOLDER).judge(document, self.dice.choice([Verdict.RELEVANT, Verdict.MALICIOUS]))
        self.documents = document

    def settle(self) -> None:
        self.shop.documents().settle(self.dice.randrange(1, self.documents + 1))

    def ballot(self) -> None:
        view, models = GaugesView(self.dao.rpc, self.stage.deployment), self.stage.deployment.address(MODELS)
        choice = Choice(models, self._model(), self.dice.randrange(1, 2_500))
        Gauges(self.shop.sender(self.dice.choice([assembly.LARGE, assembly.RIVAL])), self.stage.deployment).vote(
            [choice]
        )
        assert view.epoch >= 0

    def weigh(self) -> None:
        Gauges(self.shop.sender(assembly.STRANGER), self.stage.deployment).pay(self._model())

    def wait(self) -> None:
        self.dao.wait(self.dice.choice([60, DAY, 3 * DAY]))

    def _model(self) -> int:
        return self.dice.randrange(1, self.shop.models().count + 1)

    @property
    def deeds(self) -> list[Callable[[], None]]:
        names = [name for name in vars(Town) if not name.startswith("_") and name != "deeds"]
        return [getattr(self, name) for name in names]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_kept_is_what_the_chain_says_after_any_deed(console: "Console", seed: int) -> None:
    dice = random.Random(seed)
    town = Town(console, dice)
    market = console.sources.market
    assert market is not None
    succeeded: dict[str, int] = {}
    town.propose()
    for _ in range(120):
        deed = dice.choice(town.deeds)
        try:
            deed()
            succeeded[deed.__name__] = succeeded.get(deed.__name__, 0) + 1
        except (ChainError, StopIteration):  # at the wrong time, or by nobody who may: the chain refuses it
            continue
        if dice.random() < 0.3:
            console.read()
            check(console.sources)
    console.read()
    assert check(console.sources) > 60
    assert len(succeeded) >= 12, succeeded
    assert sum(succeeded.values()) >= 40, succeeded
    place = market.fair
    titles = titles_of(place.models, place.store)  # type: ignore[arg-type]
    shown, told = shelf.shelf(place), facts_of(place.rpc, place.deployment, titles, place.now())
    assert [replace(one, trend=0) for one in shown] == [replace(one, trend=0) for one in told]
    # A page's trend is of the second of the last event on the same day: half as much for every seven days later.
    assert [one.trend for one in shown] == pytest.approx([one.trend for one in told], rel=0.1)


SETTINGS = (
    "emission.schedule_bps=9000",
    "emission.power_halves=1",
    "arena.creator_stake=99",
    "arena.paid_nodes=7",
    "market.host_stake=999",
    "market.host_bps=8000",
    "market.document_stake=7",
    "dao.review_s=200000",
    "dao.vote_s=300000",
    "dao.late_s=50000",
    "dao.quorum_percent=19",
    "dao.delay_s=100000",
    "dao.unlock_s=500000",
    "dao.stake=9000",
    "gauges.boost=49",
    f"guardian={assembly.RIVAL.address}",
)
"""One of what each setter sets."""


def test_every_setter_is_tried() -> None:
    tried = {PARAMETERS[setting.partition("=")[0]] for setting in SETTINGS}
    setters = {(known.contract, known.setter) for known in PARAMETERS.values()}
    assert {(known.contract, known.setter) for known in tried} == setters


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_a_proposal_sets_is_read_anew(console: "Console", setting: str) -> None:
    market = console.sources.market
    assert market is not None
    before = {name: value for name, value, _ in proposals.parameters(market.fair)}
    console.stage.dao.pass_(*Actions(market.fair.rpc, market.fair.deployment).set([setting]), text=setting)
    console.stage.dao.wait(DAY)
    console.read()
    check(console.sources)
    after = {name: value for name, value, _ in proposals.parameters(market.fair)}
    assert [name for name in after if after[name] != before[name]] == [setting.partition("=")[0]]


@pytest.mark.parametrize("has_final", [True, False])
def test_what_is_kept_of_the_arena_is_what_the_chain_says_day_by_day(has_final: bool, tmp_path: Path) -> None:
    """A bad model costs a stake; the last day is played, or nobody shows dataset B and what was held is shared."""
    store = open_store(str(tmp_path / "store"), {})
    store.put(SPEC.encode())
    with fairs.deployed_fair() as town:
        task = fairs.Task.created(town, replace(fairs.PARAMS, spec_digest=SPEC.digest, day_count=2))
        feed = MarketFeed(town.deployment, town.rpc, tmp_path / "market.db")
        sources = Sources({}, MarketSource("memory://", feed, Fair(town.rpc, store, feed)))
        town.arena(fairs.NODES[0]).open_pool(task.number, 4_000)
        counts = []

        def look(*_: object) -> None:
            console_stage.read_all(sources)
            counts.append(check(sources))

        look()
        outsider, node = town.arena(fairs.OUTSIDER), fairs.NODES[0]
        pool = town.pool(fairs.DELEGATOR, outsider.stake_of(task.number, node.address).pool)
        for day in range(2):
            for deed, given in (
                (task.submit, ()),
                (task.score, (13_000, WORST if day else 14_500)),
                (task.settle, ()),
                (task.close, ()),
            ):
                deed(day, *given)  # type: ignore[operator]
                look()
                if not day and deed == task.submit:
                    look(pool.deposit(100 * WEI_PER_FML))
            look(outsider.claim(task.number, day, node.address))
        if has_final:
            look(outsider.reveal_dataset_b(task.number, fairs.DATASET_B, fairs.SALT))
            look(outsider.enter_final(task.number, [key.address for key in fairs.NODES]))
            look(task.score(2, 13_000, 14_000))
            look(task.settle(2))
        look(task.close(2))
        claims = 0
        for key in (*fairs.NODES, *fairs.VALIDATORS):
            for day in range(3):
                with suppress(NothingThere):
                    look(outsider.claim(task.number, day, key.address))
                    claims += 1
            look(outsider.unlock(task.number, key.address))
        assert claims >= 6
        assert outsider.state(task.number).fell_back is not has_final
        assert counts[-1] > counts[0]
        assert min(counts[1:]) > 10
        feed.index.close()


def test_pages_ask_nothing_that_is_kept(console: "Console", monkeypatch: pytest.MonkeyPatch) -> None:
    """After the background has asked, a page reads balances, stages that time changes, and the newest block."""
    console.stage.propose()
    console.stage.dao.wait(60)
    console.read()
    market = console.sources.market
    assert market is not None
    asked: list[str] = []
    rpc = type(market.fair.rpc)
    honest = rpc.__call__

    def counted(self: Any, method: str, *params: Any) -> Any:
        asked.append(method)
        return honest(self, method, *params)

    monkeypatch.setattr(rpc, "__call__", counted)
    most = {"/": 0, "/arena": 1, "/dao": 5, "/dao/1": 5, "/dao/parameters": 3, "/dao/gauges": 8, "/marketplace/1": 8}
    for path, count in most.items():
        asked.clear()
        assert console.get(path).code == 200
        assert len(asked) <= count, (path, asked)


def test_an_index_that_is_opened_again_asks_nothing_anew(console: "Console", tmp_path: Path) -> None:
    console.stage.propose()
    console.read()
    market = console.sources.market
    assert market is not None
    known, path = kept(console.sources), tmp_path / "copy.db"
    with market.feed.index.reading() as db, closing(sqlite3.connect(path)) as copy:
        db.backup(copy)
    feed = MarketFeed(console.stage.deployment, market.fair.rpc, path)
    place = Fair(market.fair.rpc, market.fair.store, feed)
    assert {key: feed.views[key] for key in known} == known
    feed.follow()
    filling.Filler(place).fill()
    assert kept(Sources({}, MarketSource("memory://", feed, place))) == known
    feed.index.close()


def test_a_fork_takes_back_what_was_kept(console: "Console") -> None:
    console.read()
    before, mark = kept(console.sources), console.stage.dao.rpc("evm_snapshot")
    console.stage.propose()
    console.stage.bazaar.models().set_price(1, 7)
    console.read()
    assert kept(console.sources) != before
    console.stage.dao.rpc("evm_revert", mark)
    console.stage.dao.wait(60)
    console.read()
    check(console.sources)
    market = console.sources.market
    assert market is not None
    assert proposals.proposals(market.fair) == ()
    assert shelf.model(market.fair, 1).price_wei == bazaar.PRICE_WEI


def test_a_chain_that_does_not_answer_leaves_what_is_kept(console: "Console", monkeypatch: pytest.MonkeyPatch) -> None:
    console.read()
    market, before = console.sources.market, kept(console.sources)
    assert market is not None
    console.stage.propose()

    def silent(*_: object) -> None:
        raise ChainUnreachable("memory://", "silent")

    with monkeypatch.context() as patched:
        patched.setattr(type(market.fair.rpc), "bytes", silent)
        market.feed.follow()
        with pytest.raises(ChainUnreachable):
            market.filler.fill()
    console.read()
    assert check(console.sources) > len(before)
    assert contests.count(market.fair) == 0
    assert polls.poll(market.fair).rows


def test_a_task_that_is_verified_and_voted_for_is_read_anew(console: "Console") -> None:
    dao, source = console.stage.dao, console.stage.deployment.address(ALLIANCE_MARKET)
    view = GaugesView(dao.rpc, console.stage.deployment)
    dao.pass_(dao.call(EMISSION, "verify", source, 1), text="Pay it")
    dao.wait(view.ends_at(view.epoch) - dao.rpc.second())
    console.read()
    check(console.sources)
    Gauges(console.stage.bazaar.sender(assembly.LARGE), console.stage.deployment).vote([Choice(source, 1, 2_000)])
    console.read()
    check(console.sources)
    market = console.sources.market
    assert market is not None
    (task, *_) = polls.poll(market.fair).rows
    assert (task.facts.name, task.facts.votes_wei) == ("alliance:1", 120_000 * WEI_PER_FML)
    dao.pass_(dao.call(EMISSION, "unverify", source, 1), text="Pay it no more")
    console.read()
    check(console.sources)
    assert all(row.facts.name.startswith("model:") for row in polls.poll(market.fair).rows)


def test_what_is_signed_is_read_from_the_chain_and_not_from_the_index(console: "Console") -> None:
    """An index that somebody changed shows what he wants; it moves no money."""
    till, fair = console.stage.bazaar.revenue().till(1), console.sources.market.fair  # type: ignore[union-attr]
    elsewhere = bytes(12) + bytes.fromhex(assembly.STRANGER.address[2:])
    console.read()
    node = console.stage.open_pool(2, 0)
    console.read()
    views = fair.feed.views
    for key in list(views._answers):
        views._answers[key] = elsewhere if len(views._answers[key]) == 32 else views._answers[key]
    assert fair.revenue.till(1) == assembly.STRANGER.address  # type: ignore[union-attr]
    assert fair.live().revenue.till(1) == till  # type: ignore[union-attr]
    fields = {"task": "alliance:1", "node": node, "account": assembly.LARGE.address, "amount": "5"}
    assert assembly.STRANGER.address.lower()[2:] not in console.post("/sign/delegate", **fields).text.lower()
    rows = {"rows": "1", "gateway": "http://127.0.0.1:9", "account": assembly.LARGE.address}
    assert "ConnectError" in console.post("/marketplace/1/try", **rows).text


def test_a_trial_takes_price_and_till_from_the_chain(console: "Console") -> None:
    market = console.sources.market
    assert market is not None
    console.stage.bazaar.models().set_price(1, 3 * WEI_PER_FML)  # the index has not read that yet
    live = market.fair.live()
    rows = {"rows": "1", "gateway": "http://127.0.0.1:9", "account": assembly.LARGE.address}
    terms = trial_of(live, shelf.model(live, 1), rows).terms
    assert (terms.most_wei, terms.till) == (3 * WEI_PER_FML, console.stage.bazaar.revenue().till(1))
    assert shelf.model(market.fair, 1).price_wei == bazaar.PRICE_WEI
