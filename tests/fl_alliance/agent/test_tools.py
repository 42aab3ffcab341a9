"""The tools beyond transfers and stakes, on the chain: votes are locked, rewards and stakes taken, models rated."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fair import DAO, NODES, PARAMS, Fair, Task, deployed_fair
from paid_run import DELEGATED_WEI, DELEGATOR, Place, open_pool
from scene import HOST, NOW, OWNER, PRICE_WEI, Scene

from fl_alliance.agent.agent import Agent
from fl_alliance.agent.book import Book
from fl_alliance.agent.diary import Diary
from fl_alliance.agent.errors import NameUnknown, NotAsAsked, WouldFail
from fl_alliance.agent.guards.decoding import Reader
from fl_alliance.agent.guards.limits import Limits, Terms
from fl_alliance.agent.proposers.parser import Parser
from fl_alliance.agent.tools import Claim, Lock, Unlock
from fl_alliance.agent.transactions import Transaction, transactions_of
from fl_alliance.arena.store import open_store
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.call_vouchers import CallVoucher
from fl_alliance.chain.connect import connected
from fl_alliance.chain.dao import VoteLock
from fl_alliance.chain.deploy import ARENA, VOTES, Deployment
from fl_alliance.chain.listings import Models
from fl_alliance.chain.revenue import Revenue
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML as FML
from fl_alliance.market.place import place_of


@dataclass
class Person:
    """Somebody whose agent says yes to everything, and what it was shown."""

    agent: Agent
    shown: list[str]

    @classmethod
    def of(cls, w3: object, deployment: Deployment, key: NodeKey, folder: Path) -> "Person":
        place, shown = place_of(w3, deployment, key, open_store(folder / "store"), folder), list[str]()  # type: ignore[arg-type]
        limits = Limits(folder)
        limits.set(Terms(10**6 * FML, 10**6 * FML))
        diary = Diary(folder, lambda: NOW)
        agent = Agent(
            place, Book(folder / "book.json"), limits, diary, lambda lines: not shown.extend(lines), lambda: NOW
        )
        return cls(agent, shown)

    def says(self, words: str) -> str:
        return self.agent.handle(words, Parser(self.agent.book, self.agent.place.me))


@pytest.fixture(scope="module")
def fair() -> Iterator[Fair]:
    with deployed_fair() as found:
        yield found


def test_a_node_takes_what_it_earned_and_its_stake_when_that_is_free(fair: Fair, tmp_path: Path) -> None:
    task = Task.created(fair, replace(PARAMS, day_count=3))
    node = Person.of(fair.w3, fair.deployment, NODES[0], tmp_path)
    with pytest.raises(WouldFail, match="nothing is due"):
        node.says(f"claim my rewards in task {task.number}")
    for day in (0, 1):
        task.submit(day)
        task.score(day, 1_000_000, 2_000_000)
        task.settle(day)
        task.close(day)
    told = node.says(f"how is task {task.number} going?")
    assert "2 of 4 days finished" in told
    assert f"{NODES[0].address}, node: 1,000.0000 FML staked" in told
    before = fair.balances()[NODES[0].address]
    node.says(f"claim my rewards in task {task.number}")
    assert fair.balances()[NODES[0].address] > before + 4 * FML  # two fees, and two days' rewards
    assert [line for line in node.shown if "day" in line] == [
        f"takes what you, and those behind you, earned on day {day} of task {task.number}" for day in (0, 1)
    ]
    with pytest.raises(WouldFail, match="WrongPhase"):
        node.says(f"unstake from task {task.number}")

    other = fair.arena(DAO).create_task(replace(PARAMS, first_day=9))
    node.says(f"stake 100 FML in task {other}")
    fair.arena(DAO).cancel(other)
    before = fair.balances()[NODES[0].address]
    node.says(f"give me my stake in task {other} back")
    assert fair.balances()[NODES[0].address] == before + 100 * FML


def test_a_claim_for_somebody_else_is_none(fair: Fair, tmp_path: Path) -> None:
    place = Person.of(fair.w3, fair.deployment, NODES[1], tmp_path).agent.place
    arena = ContractReader(place.rpc, ARENA, place.market.arena)
    reader = Reader(place, Book(tmp_path / "book.json"))
    mine = Transaction(arena.address, arena.encode("claim", 1, 0, NODES[1].address), "claim")
    assert reader.require(Claim(1), [mine, mine]).spends_wei == 0
    for data in (arena.encode("claim", 1, 0, NODES[0].address), arena.encode("unlock", 1, NODES[0].address)):
        with pytest.raises(NotAsAsked, match="the account's own"):
            reader.read([Transaction(arena.address, data, "claim")])
    other = replace(mine, data=arena.encode("claim", 2, 0, NODES[1].address))
    with pytest.raises(NotAsAsked, match="not one action"):
        reader.require(Claim(1), [mine, other])


def test_votes_are_locked_with_an_allowance_and_asked_back(scene: Scene) -> None:
    lock = VoteLock(Sender(scene.w3, OWNER), scene.deployment)
    before = lock.locked_wei
    scene.agent(terms=Terms(500 * FML, 500 * FML)).handle("lock 200 FML to vote", scene.parser())
    assert lock.locked_wei == before + 200 * FML
    assert scene.asked[0][1] == "locks 200 FML to vote in the DAO"
    scene.agent().handle("unlock 50 FML of my votes", scene.parser())
    assert lock.leaving[0] == 50 * FML
    with pytest.raises(WouldFail, match="BadAmount"):
        scene.agent().handle("unlock 9000000 FML", scene.parser())
    place, reader = scene.place(OWNER), Reader(scene.place(OWNER), scene.book)
    [unlock] = transactions_of(Unlock(5 * FML), place)
    votes = ContractReader(place.rpc, VOTES, place.market.address(VOTES))
    assert reader.require(Unlock(5 * FML), [unlock]).spends_wei == 0
    for data in (votes.encode("delegate", HOST.address), votes.encode("withdraw"), votes.encode("lock", 5 * FML)):
        with pytest.raises(NotAsAsked):
            reader.require(Unlock(5 * FML), [replace(unlock, data=data)])
    allowance, locks = transactions_of(Lock(5 * FML), place)
    with pytest.raises(NotAsAsked, match="allowance"):
        reader.require(Lock(5 * FML), [allowance, replace(locks, data=votes.encode("lock", 4 * FML))])


def test_who_paid_by_voucher_rates(scene: Scene) -> None:
    with pytest.raises(WouldFail, match="NotCaller"):
        scene.agent().handle("rate nova 4 stars", scene.parser())
    revenue = Revenue(Sender(scene.w3, OWNER), scene.deployment)
    revenue.deposit(PRICE_WEI)
    revenue.claim([CallVoucher(OWNER.address, 1, PRICE_WEI, 1).signed(OWNER, revenue.domain)])
    scene.agent().handle("rate nova 4 stars", scene.parser())
    assert Models(Sender(scene.w3, OWNER), scene.deployment).rating(1).stars == 4
    assert scene.asked[-1][0] == "gives model 1 (nova) 4 of 5 stars"


def test_what_a_market_has_not_is_told(fair: Fair, tmp_path: Path) -> None:
    person = Person.of(fair.w3, fair.deployment, NODES[0], tmp_path)
    for words, why in {
        "lock 5 FML to vote": "no DAO",
        "rate model 1 5 stars": "no marketplace",
        "delegate 5 FML to me in task 1": "neither a word",
        "status of alliance:1": "pays no tasks of an Alliance",
        "status of task 99": "UnknownTask|no task 99",
    }.items():
        with pytest.raises(Exception, match=why):
            person.says(words)
    with pytest.raises(NameUnknown, match="is for tasks of the Arena"):
        person.says("stake 5 FML in alliance:1")


@pytest.mark.slow
def test_a_member_of_fl_alliance_is_delegated_to_and_its_task_told_of(tmp_path: Path) -> None:
    run = Place(tmp_path)
    run.go_on(1)
    with run.opened() as (ledger, market):
        member, pool = open_pool(run, ledger, market)
        ledger.transfer(DELEGATOR.address, DELEGATED_WEI)
    with connected(run.url) as w3:
        person = Person.of(w3, Deployment.load(run.folder.manifest), DELEGATOR, tmp_path / "agent")
        person.agent.book.add("clinic", member)
        told = person.says("what is the status of alliance task 1?")
        assert "task alliance:1: " in told
        assert "of 4; " in told
        assert f"60 FML delegated to {member}" in told
        person.says("delegate 20 FML to clinic in alliance:1")
        assert f"delegates 20 FML to {member} (clinic in your address book) in task alliance:1" in person.shown
        assert f"80 FML delegated to {member}" in person.says("how is alliance:1 going?")
        person.says("undelegate from clinic in alliance task 1")
        assert "shares behind" in person.shown[-2]
        place, reader = person.agent.place, Reader(person.agent.place, person.agent.book)
        assert reader.pool(pool)[1] == member
        fake = ContractReader(place.rpc, ARENA, place.market.arena).address
        with pytest.raises(NotAsAsked, match="none of this market's"):
            reader.read([Transaction(fake[:-1] + ("0" if fake[-1] != "0" else "1"), b"1234", "deposit")])
        key = NodeKey.derive(0, 0)
        assert "you have nothing in it" in Person.of(w3, place.market, key, tmp_path / "none").says(
            "status of alliance:1"
        )
