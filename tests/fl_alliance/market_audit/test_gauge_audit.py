"""What gauge votes move is recounted from ballots and from what was locked: a figure that is not theirs is found."""

from dataclasses import replace
from typing import Any

import assembly
import pytest
from assembly import LARGE, PROPOSER, RIVAL, SMALL, STRANGER, Assembly
from fair import PARAMS
from tampering import NOBODY, Altered, Recorded, with_event, with_field

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market import audit_market
from fl_alliance.audit.market.ballots import unapplied
from fl_alliance.audit.market.contracts import addresses_of, creation
from fl_alliance.audit.market.replay import Replay
from fl_alliance.audit.market.taken import Taken
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import EMISSION, GAUGES, TREASURY, Deployment
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.gauges import Choice, Gauges
from fl_alliance.chain.listings import Models
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML

BUDGET_WEI = 1_000 * WEI_PER_FML


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    path = tmp_path_factory.mktemp("polls") / "chain.db"
    with assembly.assembled(f"file://{path}") as dao:
        play(dao)
    return Recorded.of(path)


def play(dao: Assembly) -> None:
    """Two weeks of ballots: locked, delegated, asked back; weights up and down; a model paid, and paid the rest."""
    arena = Arena(Sender(dao.w3, SMALL), dao.deployment.arena)
    first, second = (arena.create_task(replace(PARAMS, day_count=200)) for _ in range(2))
    models = Models(Sender(dao.w3, STRANGER), dao.deployment)
    model = models.list(keccak(b"model"), bytes(32), bytes(32), 1, 1_000 * WEI_PER_FML)
    gauges = Gauges(Sender(dao.w3, STRANGER), dao.deployment)
    verify = [dao.call(EMISSION, "verify", dao.deployment.arena, number) for number in (first, second)]
    spend = dao.call(TREASURY, "spend", dao.deployment.fml, gauges.address, BUDGET_WEI)
    terms = dao.call(GAUGES, "setTerms", (2_500, 3_000, 4_000, 50, 10_000 * WEI_PER_FML))
    dao.pass_(*verify, spend, terms, text="Two tasks, a budget, and a higher floor")
    for number in (first, second):
        Emission(Sender(dao.w3, STRANGER), dao.deployment.emission).sync(dao.deployment.arena, number)
    dao.by(PROPOSER).votes.delegate(RIVAL.address)
    dao.by(SMALL).votes.request_unlock(40_000 * WEI_PER_FML)
    next_week(dao, gauges)
    task, other, listed = (
        Choice(arena.address, first, 0),
        Choice(arena.address, second, 0),
        Choice(models.address, model, 0),
    )
    vote(dao, LARGE, (task, 1_500), (listed, 2_000))
    vote(dao, RIVAL, (task, 700), (other, 2_500))
    dao.by(RIVAL).votes.lock(100_000 * WEI_PER_FML)  # too late for this week
    next_week(dao, gauges)
    weights = [gauges.weigh(arena.address, number) for number in (first, second)]
    assert weights == [148, 132]
    gauges.pay(model)
    dao.fml.transfer(gauges.address, BUDGET_WEI)
    gauges.pay(model)
    vote(dao, LARGE, (other, 100))
    back = dao.call(GAUGES, "withdraw", dao.deployment.address(TREASURY), 5)
    dao.by(SMALL).votes.withdraw()
    next_week(dao, gauges)
    assert gauges.weigh(arena.address, first) == 100
    dao.pass_(back, dao.call("VoteLock", "setUnlockDelay", 60), text="Back, and a shorter delay")


def vote(dao: Assembly, key: Any, *ballot: tuple[Choice, int]) -> None:
    """Cast a ballot."""
    Gauges(Sender(dao.w3, key), dao.deployment).vote([replace(gauge, bps=bps) for gauge, bps in ballot])


def next_week(dao: Assembly, gauges: Gauges) -> None:
    """Go to the beginning of the next week."""
    dao.wait(gauges.ends_at(gauges.epoch) - dao.rpc.second())


def test_ballots_and_locks_are_recounted_and_no_manifest_has_to_name_them(recorded: Recorded) -> None:
    audited = audit_market(recorded.source)
    assert audited.books.counts.ballots == 5
    polls = audited.books.polls
    assert polls is not None
    assert polls.lock.held_wei(RIVAL.address, polls.counted_at(2)) == 300_000 * WEI_PER_FML
    silent = {"EIP712DomainChanged"}
    for contract in ("VoteLock", "Gauges"):
        names = {event.name for event in interface(contract).events.values()} - silent
        assert names == {event.name for _, event in recorded.spots(contract)}


def test_what_nobody_has_applied_of_the_last_weeks_ballots_is_said(recorded: Recorded) -> None:
    """The first task was weighed anew; the second still weighs what the week before says."""
    audited = audit_market(recorded.source)
    assert unapplied(audited.books, audited.second) == [f"task 2 of {recorded.deployment.arena}"]
    told = recorded.told
    paid = next(i for i, taken in enumerate(told) if any(event.name == "ModelPaid" for event in taken.events))
    replay = Replay(addresses_of(recorded.source, *creation(recorded.source, None)))
    replay.take_all(told[:paid])
    [*tasks, model] = unapplied(replay.books, told[paid].timestamp)
    assert (len(tasks), model) == (0, "model 1")
    assert unapplied(replay.books, recorded.told[0].timestamp) == []


def test_a_weight_that_ballots_do_not_come_to_is_found_though_gauges_and_emission_agree_on_it(
    recorded: Recorded,
) -> None:
    """A record in which both say 150, everything after it recomputed: only the ballots say 148."""
    [spot, *_] = [spot for spot, event in recorded.spots(GAUGES) if event.name == "Weighed"]

    def tampered(taken: Taken) -> Taken:
        if taken.tx_hash != spot[0]:
            return taken
        events = [replace(event, values={**event.values, "percent": 150}) for event in taken.events]
        return replace(taken, events=tuple(events))

    said = recorded.finding(tampered)
    assert "Gauges.Weighed: the chain says percent 150, the rules give percent 148" in said


def test_a_weight_without_ballots_is_found(recorded: Recorded) -> None:
    [spot, *_] = [spot for spot, event in recorded.spots(GAUGES) if event.name == "Weighed"]
    assert "by no ballots" in recorded.finding(with_event(spot, lambda _: []))


def test_votes_that_nobody_had_locked_before_the_week_are_found(recorded: Recorded) -> None:
    """A ballot that counts what its voter locked in the week itself: the record of both its events says more."""
    later = [spot for spot, event in recorded.spots(GAUGES) if event.name == "Voted"][2]

    def tampered(taken: Taken) -> Taken:
        if taken.tx_hash != later[0]:
            return taken
        raised = [
            replace(event, values={**event.values, "votesWei": event.values["votesWei"] * 4 // 3})
            for event in taken.events
        ]
        return replace(taken, events=tuple(raised))

    assert "Gauges.Voted: the chain says votesWei" in recorded.finding(tampered)


def test_a_ballot_that_a_contract_casts_gives_no_gauge_more_than_a_voter_may(recorded: Recorded) -> None:
    """Its parts are in no calldata: what its events tell is bounded by what was locked."""
    spot = next(spot for spot, event in recorded.spots(GAUGES) if event.name == "Voted")

    def tampered(taken: Taken) -> Taken:
        if taken.tx_hash != spot[0]:
            return taken
        raised = [replace(event, values={**event.values, "votesWei": 10**24}) for event in taken.events]
        return replace(taken, to=NOBODY, events=tuple(raised))

    assert "for one gauge" in recorded.finding(tampered)


def test_every_field_of_every_event_of_lock_and_gauges_is_bound(recorded: Recorded) -> None:
    """Terms, a delay and what goes back too: proposals decided them, or the construction."""
    count = 0
    for spot, event in recorded.spots("VoteLock", "Gauges"):
        for field in event.values:
            assert recorded.finding(with_field(spot, field)).startswith("block "), (event, field)
            count += 1
    assert count >= 80


def test_an_event_of_lock_or_gauges_that_is_left_out_or_told_twice_is_found(recorded: Recorded) -> None:
    for spot, event in recorded.spots("VoteLock", "Gauges"):
        recorded.finding(with_event(spot, lambda _: []))
        recorded.finding(with_event(spot, lambda event: [event, event]))


@pytest.mark.parametrize(
    ("name", "contract"),
    [
        ("votesWei", "Gauges"),
        ("castWei", "Gauges"),
        ("paidWei", "Gauges"),
        ("lockedWei", "VoteLock"),
        ("getVotes", "VoteLock"),
        ("tillOf", "Revenue"),
        ("terms", "Gauges"),
    ],
)
def test_a_figure_that_a_contract_keeps_otherwise_is_found(recorded: Recorded, name: str, contract: str) -> None:
    def answers(source: str, function: str, args: tuple[Any, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
        del args
        is_it = (source, function) == (contract, name)
        return tuple(NOBODY if isinstance(value, str) else _other(value) for value in values) if is_it else values

    with pytest.raises(DoesNotHold, match="the contract says"):
        audit_market(Altered(recorded.source, answers=answers, told=recorded.told), recorded.deployment)


def test_gauges_of_another_emission_are_not_the_markets(recorded: Recorded) -> None:
    contracts = dict(recorded.deployment.contracts)
    wrong = replace(contracts[GAUGES], address=NOBODY)
    other = Deployment(recorded.deployment.chain_id, recorded.deployment.block, contracts | {GAUGES: wrong})
    with pytest.raises(DoesNotHold, match="was not created over this market's emission"):
        audit_market(recorded.source, other)


def _other(value: Any) -> Any:
    return (value[0] + 1, *value[1:]) if isinstance(value, tuple) else value + 1
