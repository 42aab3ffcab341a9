"""What a guardian's pause stops, all of it, and what it never stops: whatever lets money out, and the DAO."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from assembly import GUARDIAN, LARGE, PROPOSER, RIVAL, SMALL, STRANGER, TERMS, Assembly, assembled
from fair import PARAMS

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.alliance_refusals import NotAllowed
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.arena_types import Role
from fl_alliance.chain.call_vouchers import CallVoucher
from fl_alliance.chain.dao import Appearance, Support
from fl_alliance.chain.dao_refusals import Resting, Stopped
from fl_alliance.chain.deploy import ARENA, BRAKE, EMISSION, MODELS
from fl_alliance.chain.documents import Documents, Verdict
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.gauges import Choice, Gauges
from fl_alliance.chain.listings import Models
from fl_alliance.chain.market_refusals import ERC4626ExceededMaxDeposit
from fl_alliance.chain.pools import DelegationPool
from fl_alliance.chain.revenue import Revenue
from fl_alliance.chain.rules.emission import daily_wei
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.stages import Stage
from fl_alliance.chain.types import WEI_PER_FML

DAY = 86_400
CREATOR, NODE, HOST, CALLER = SMALL, RIVAL, STRANGER, PROPOSER
STAKE_WEI = 1_000 * WEI_PER_FML


@dataclass
class Town:
    """A verified Arena task with a delegated node, one that can be cancelled, a model with a document, a payer."""

    dao: Assembly
    task: int
    cancelled: int
    model: int
    document: int
    pool: str

    def sender(self, key: NodeKey) -> Sender:
        return Sender(self.dao.w3, key)

    def arena(self, key: NodeKey) -> Arena:
        return Arena(self.sender(key), self.dao.deployment.arena)

    def emission(self, key: NodeKey = STRANGER) -> Emission:
        return Emission(self.sender(key), self.dao.deployment.emission)

    def delegation(self, key: NodeKey) -> DelegationPool:
        return DelegationPool(self.sender(key), self.pool)

    def models(self) -> Models:
        return Models(self.sender(HOST), self.dao.deployment)

    def revenue(self, key: NodeKey) -> Revenue:
        return Revenue(self.sender(key), self.dao.deployment)

    def documents(self, key: NodeKey) -> Documents:
        return Documents(self.sender(key), self.dao.deployment)

    def pause(self) -> None:
        self.dao.bound(BRAKE, GUARDIAN).send(200_000, "pause")


@pytest.fixture(scope="module")
def founded() -> Iterator[Town]:
    with assembled() as dao:
        made = Town(dao, 0, 0, 0, 0, "")
        made.task = made.arena(CREATOR).create_task(replace(PARAMS, day_count=200, first_day=12))
        made.cancelled = made.arena(CREATOR).create_task(replace(PARAMS, first_day=60))
        made.arena(NODE).stake(made.task, Role.NODE, STAKE_WEI)
        made.pool = made.arena(NODE).open_pool(made.task, 0)
        made.delegation(CALLER).deposit(STAKE_WEI)
        made.model = made.models().list(keccak(b"model"), bytes(32), bytes(32), 1, STAKE_WEI)
        made.revenue(CALLER).deposit(STAKE_WEI)
        dao.pass_(dao.call(EMISSION, "verify", dao.deployment.arena, made.task), text="A task")
        made.document = made.documents(CALLER).contribute(made.model, keccak(b"document"))
        emission = made.emission()
        dao.wait(emission.start_at + 12 * DAY - dao.rpc.second())  # the task's day 0
        emission.sync(dao.deployment.arena, made.task)
        dao.wait(DAY)
        yield made


@pytest.fixture
def town(founded: Town) -> Iterator[Town]:
    mark = founded.dao.rpc("evm_snapshot")
    yield replace(founded, dao=Assembly(founded.dao.w3, founded.dao.deployment))
    founded.dao.rpc("evm_revert", mark)


def test_what_mints_or_brings_money_in_stops_and_goes_on_when_the_dao_says_so(town: Town) -> None:
    stopped: dict[str, Callable[[], object]] = {
        "close a day": lambda: town.emission().close_days(),
        "create a task": lambda: town.arena(CREATOR).create_task(replace(PARAMS, first_day=60)),
        "stake in one": lambda: town.arena(NODE).stake(town.task, Role.NODE, STAKE_WEI),
        "list a model": lambda: town.models().list(keccak(b"2"), bytes(32), bytes(32), 1, STAKE_WEI),
        "pay in for calls": lambda: town.revenue(CALLER).deposit(STAKE_WEI),
        "contribute a document": lambda: town.documents(CALLER).contribute(town.model, keccak(b"2")),
    }
    town.pause()
    for step in stopped.values():
        with pytest.raises(Stopped):
            step()
    with pytest.raises(ERC4626ExceededMaxDeposit):
        town.delegation(CALLER).deposit(STAKE_WEI)
    dao = town.dao
    dao.pass_(dao.call(BRAKE, "resume"), text="Go on")
    for step in stopped.values():
        step()
    town.delegation(CALLER).deposit(STAKE_WEI)


def test_what_lets_money_out_never_stops(town: Town) -> None:
    town.pause()
    dao, fml = town.dao, Fml(town.sender(LARGE), town.dao.deployment.fml)

    def came(key: NodeKey, step: Callable[[], object]) -> int:
        before = fml.balance_wei(key.address)
        step()
        return fml.balance_wei(key.address) - before

    town.arena(CREATOR).cancel(town.cancelled)
    unlocked = came(CREATOR, lambda: town.arena(CREATOR).unlock(town.cancelled, CREATOR.address))
    assert unlocked == PARAMS.creator_stake_wei + PARAMS.fund_wei
    voucher = CallVoucher(CALLER.address, town.model, WEI_PER_FML, 1).signed(CALLER, town.revenue(CALLER).domain)
    assert came(HOST, lambda: town.revenue(HOST).claim([voucher])) == WEI_PER_FML * 9 // 10
    till = town.revenue(HOST).till(town.model)
    Fml(town.sender(CALLER), dao.deployment.fml).transfer(till, WEI_PER_FML)
    assert came(HOST, lambda: town.revenue(HOST).sweep(town.model)) == WEI_PER_FML * 9 // 10
    town.revenue(CALLER).ask_to_leave()
    town.models().close(town.model)
    town.documents(LARGE).judge(town.document, Verdict.IRRELEVANT)
    town.delegation(CALLER).request_redeem(town.delegation(CALLER).shares)
    dao.by(LARGE).votes.request_unlock(5)
    dao.wait(7 * DAY)
    assert came(CALLER, lambda: town.revenue(CALLER).withdraw()) == STAKE_WEI - WEI_PER_FML
    assert came(HOST, lambda: town.models().withdraw_stake(town.model)) == STAKE_WEI
    assert came(CALLER, lambda: town.documents(HOST).settle(town.document)) == 10 * WEI_PER_FML
    assert came(CALLER, lambda: town.delegation(CALLER).redeem()) == STAKE_WEI
    assert came(LARGE, lambda: dao.by(LARGE).votes.withdraw()) == 5
    gauges = Gauges(town.sender(LARGE), dao.deployment)
    gauges.vote([Choice(dao.deployment.address(ARENA), town.task, 100)])
    dao.by(SMALL).votes.lock(WEI_PER_FML)
    assert town.emission().is_paused


def test_the_days_of_a_pause_are_closed_afterwards_and_their_shares_are_drawn(town: Town) -> None:
    emission, now = town.emission(), town.dao.rpc.second
    assert emission.catch_up(now()) == 13
    town.pause()
    town.dao.wait(10 * DAY)
    assert emission.catch_up(now()) == 0  # a keeper's process goes on, and waits
    town.dao.wait(5 * DAY)
    emission = town.emission()
    assert emission.catch_up(now()) == 15
    minted, _, _ = emission.books()
    assert minted == sum(map(daily_wei, range(28)))
    source = town.dao.deployment.arena
    assert emission.drawable_wei(source, town.task, 12) > 0  # closed 15 days ago, of which 14 do not count
    assert emission.drawable_wei(source, town.task, 13) > 0


def test_a_guardian_cannot_stop_the_proposal_that_replaces_it(town: Town) -> None:
    """It pauses while that is decided, which takes ten days, and can do nothing when it was."""
    dao = town.dao
    town.pause()
    proposal = dao.propose(dao.call(BRAKE, "resume"), dao.call(BRAKE, "setGuardian", LARGE.address), text="Another")
    dao.by(LARGE).appear(proposal.number, Appearance.PRESENT)
    dao.wait(TERMS.review_s)
    dao.by(LARGE).vote(proposal.number, Support.FOR)
    dao.wait(TERMS.vote_s)
    with pytest.raises(Resting):
        town.pause()
    dao.by(STRANGER).queue(proposal)
    dao.wait(TERMS.delay_s)
    assert town.emission().is_paused
    dao.by(STRANGER).execute(proposal)
    assert dao.view.stage(proposal.number) is Stage.EXECUTED
    assert not town.emission().is_paused
    with pytest.raises(NotAllowed):
        town.pause()
    town.emission().close_days()


def test_a_guardian_that_pauses_again_as_soon_as_the_dao_ended_a_pause_rests(town: Town) -> None:
    """The DAO takes ten days to end a pause: with another at once all would stand still for good."""
    dao = town.dao
    town.pause()
    dao.pass_(dao.call(BRAKE, "resume"), text="Go on")
    with pytest.raises(Resting):
        town.pause()
    town.emission().close_days()
    brake = dao.bound(BRAKE)
    dao.wait(brake.read("restsUntil") - dao.rpc.second())
    assert brake.read("pausedS") < brake.read("REST_S") // 2
    town.pause()


def test_a_guardian_named_in_a_pause_begins_another_and_no_second_of_both_counts_twice(town: Town) -> None:
    """Days wait for their shares as long as there were pauses, and not longer."""
    dao, brake = town.dao, town.dao.bound(BRAKE)
    town.pause()
    began = dao.rpc.second()
    dao.pass_(dao.call(BRAKE, "setGuardian", LARGE.address), text="Another guardian")
    assert town.emission().is_paused
    dao.bound(BRAKE, LARGE).send(200_000, "pause")
    assert brake.read("pausedS") == dao.rpc.second() - began
    dao.wait(brake.read("PAUSE_S") + DAY)
    assert brake.read("pausedS") == brake.read("pausedUntil") - began


def test_a_guardian_that_tries_more_moves_nothing(town: Town) -> None:
    """Mint, spend, expel, set terms, and resume what it paused: refused, and nobody's balance changes."""
    dao, deployment = town.dao, town.dao.deployment
    supply, held = dao.fml.total_supply_wei, dao.fml.balance_wei(GUARDIAN.address)
    for name, function, args in (
        ("FML", "mint", (GUARDIAN.address, 1)),
        ("Treasury", "spend", (deployment.fml, GUARDIAN.address, 1)),
        (MODELS, "expel", (town.model,)),
        ("Gauges", "withdraw", (GUARDIAN.address, 1)),
        ("Emission", "setBrake", (GUARDIAN.address,)),
        ("Emission", "weigh", (deployment.arena, town.task, 200)),
        (BRAKE, "setGuardian", (GUARDIAN.address,)),
        (BRAKE, "resume", ()),
    ):
        with pytest.raises(Exception, match=r"NotAllowed|AccessControlUnauthorizedAccount"):
            dao.bound(name, GUARDIAN).send(300_000, function, *args)
    assert (dao.fml.total_supply_wei, dao.fml.balance_wei(GUARDIAN.address)) == (supply, held)
