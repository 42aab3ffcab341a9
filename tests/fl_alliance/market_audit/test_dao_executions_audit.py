"""What did not pass, did not wait or is no call of a proposal is found, and a stake or reward that went elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from assembly import LARGE, PROPOSER, TERMS
from dao_record import (
    BY_CONTRACT,
    EXECUTED,
    MISSED,
    OUTVOTED,
    SCAM,
    UNQUEUED,
    WAITING,
    at_second,
    by_a_contract,
    made_at,
    number_of,
    spot_of,
    take_from,
    values_of,
    with_values,
    without,
    wrong_books,
)
from tampering import NOBODY, Altered, Recorded, with_event, with_field

from fl_alliance.audit.contracts import compiled
from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market import audit_market
from fl_alliance.audit.market.step import Books
from fl_alliance.audit.market.taken import Taken
from fl_alliance.chain.arena_types import Limits
from fl_alliance.chain.codec import constructor, constructor_args
from fl_alliance.chain.deploy import DAO, EMISSION, TIMELOCK, TREASURY, VOTES
from fl_alliance.chain.rules.proposals import LAPSE_S
from fl_alliance.chain.rules.words import keccak

# The time lock, and what is executed


def test_what_did_not_pass_is_not_queued(recorded: Recorded) -> None:
    """Without its votes for it, and without a quorum of them."""
    spot = spot_of(recorded, "VoteCast", WAITING, voter=LARGE.address)
    assert "is DEFEATED, needed SUCCEEDED" in recorded.finding(without(spot))
    against = by_a_contract(with_values(spot, support=0), spot)
    assert "is DEFEATED, needed SUCCEEDED" in recorded.finding(against)


def test_what_lapsed_is_not_queued_and_not_executed(recorded: Recorded) -> None:
    queued = spot_of(recorded, "ProposalQueued", WAITING)
    ends_at = made_at(recorded, WAITING) + TERMS.review_s + TERMS.vote_s
    assert "is EXPIRED, needed SUCCEEDED" in recorded.finding(at_second(queued, ends_at + LAPSE_S + 60))
    executed = spot_of(recorded, "ProposalExecuted", EXECUTED)
    eta = values_of(recorded, spot_of(recorded, "ProposalQueued", EXECUTED))["etaSeconds"]
    assert "is EXPIRED, needed QUEUED" in recorded.finding(at_second(executed, eta + LAPSE_S + 1))


def test_what_has_not_waited_is_not_executed(recorded: Recorded) -> None:
    eta = values_of(recorded, spot_of(recorded, "ProposalQueued", EXECUTED))["etaSeconds"]
    executed = spot_of(recorded, "ProposalExecuted", EXECUTED)
    said = recorded.finding(at_second(executed, eta - 1))
    assert f"executed at second {eta - 1}, needed {eta}" in said
    queued = spot_of(recorded, "ProposalQueued", EXECUTED)
    assert "ProposalQueued: the chain says etaSeconds" in recorded.finding(with_values(queued, etaSeconds=eta - 1))


def test_what_was_never_queued_is_not_executed(recorded: Recorded) -> None:
    assert "is SUCCEEDED, needed QUEUED" in recorded.finding(without(spot_of(recorded, "ProposalQueued", BY_CONTRACT)))


def test_a_time_lock_that_had_not_been_told_to_listen_to_the_dao_is_found(recorded: Recorded) -> None:
    for name in (b"PROPOSER_ROLE", b"EXECUTOR_ROLE"):
        granted = next(spot for spot, event in recorded.spots(TIMELOCK) if event.values.get("role") == keccak(name))
        assert "has no role of the time lock for this" in recorded.finding(without(granted))


def test_a_role_that_is_given_without_an_event_is_found(recorded: Recorded) -> None:
    for source in (TIMELOCK, EMISSION):
        *_, granted = (spot for spot, event in recorded.spots(source) if event.name == "RoleGranted")
        assert "the call of grantRole left no event" in recorded.finding(with_event(granted, lambda _: []))


@pytest.mark.parametrize(
    ("event", "value", "terms"),
    [
        ("VotingDelaySet", 60, {"review_s": 60}),
        ("VotingPeriodSet", 31 * 86_400, {"vote_s": 31 * 86_400}),
        ("LateQuorumVoteExtensionSet", 5 * 86_400 + 1, {"late_s": 5 * 86_400 + 1}),
        ("QuorumNumeratorUpdated", 51, {"percent": 51}),
        ("ReviewTermsSet", (1, 1, 1, 0, 1), {"review": (1, 1, 1, 0, 1)}),
    ],
)
def test_terms_that_no_contract_of_ours_takes_are_found_though_the_construction_names_them(
    recorded: Recorded, event: str, value: object, terms: dict[str, object]
) -> None:
    def changed(taken: Taken, is_named: bool = True) -> Taken:
        if taken.to is not None or not taken.events or taken.events[0].source != DAO:
            return taken
        code = compiled(DAO)
        *parts, given = constructor_args(DAO, code.args(taken.data))
        named = dict(zip(("review_s", "vote_s", "late_s", "percent", "review"), given, strict=True)) | terms
        data = code.creation + constructor(DAO, (*parts, tuple(named.values()))) if is_named else taken.data
        events = (replace(one, values=_last(one.values, value)) if one.name == event else one for one in taken.events)
        return replace(taken, data=data, events=tuple(events))

    said = recorded.finding(changed)
    assert f"step {event}: the chain took this, the rules refuse it" in said
    assert str(value) in said
    assert f"its event says {value}" in recorded.finding(lambda taken: changed(taken, is_named=False))


def test_a_call_that_was_not_made_or_is_another_is_found(recorded: Recorded) -> None:
    tx_hash, _ = spot_of(recorded, "ProposalExecuted", EXECUTED)
    made = [spot for spot, event in recorded.spots(TIMELOCK) if event.name == "CallExecuted" and spot[0] == tx_hash]
    assert len(made) == 11
    last = made[-1]
    assert "10 of 11 calls" in recorded.finding(with_event(last, lambda _: []))
    assert "CallExecuted: the chain says data" in recorded.finding(with_values(last, data=b"\0"))
    twice = recorded.finding(with_event(last, lambda event: [event, event]))
    assert "has 11 calls, and another was made" in twice


def test_a_call_whose_event_is_missing_is_found(recorded: Recorded) -> None:
    tx_hash, _ = spot_of(recorded, "ProposalExecuted", EXECUTED)
    lowered = next(
        spot for spot, event in recorded.spots(EMISSION) if event.name == "ScheduleLowered" and spot[0] == tx_hash
    )
    assert "the call of lower left no event" in recorded.finding(with_event(lowered, lambda _: []))


def test_an_operation_of_the_time_lock_that_is_no_proposals_is_found(recorded: Recorded) -> None:
    place = spot_of(recorded, "StakeSettled", MISSED)
    for name in ("CallScheduled", "CallExecuted"):
        event = next(event for _, event in recorded.spots(TIMELOCK) if event.name == name)
        said = recorded.finding(by_a_contract(with_event(place, lambda _, event=event: [event]), place))
        assert f"{name} of an operation that is no proposal's" in said


def test_what_the_time_lock_alone_may_do_is_found_where_no_proposal_does_it(recorded: Recorded) -> None:
    """A schedule, the treasury, terms and a role: each told in the transaction of somebody's contract."""
    place = spot_of(recorded, "StakeSettled", MISSED)
    kinds = {
        (EMISSION, "ScheduleLowered"): "Emission.lower by no call",
        (EMISSION, "RoleGranted"): "by the time lock, and by no call",
        (TREASURY, "Spent"): "Treasury.spend by no call",
        (DAO, "VotingDelaySet"): "Dao.setVotingDelay by no call",
        (DAO, "ReviewTermsSet"): "Dao.setReviewTerms by no call",
        (TIMELOCK, "MinDelayChange"): "Timelock.updateDelay by no call",
        (VOTES, "UnlockDelaySet"): "VoteLock.setUnlockDelay by no call",
        ("Brake", "GuardianSet"): "Brake.setGuardian by no call",
    }
    for (source, name), needed in kinds.items():
        event = [event for _, event in recorded.spots(source) if event.name == name][-1]
        said = recorded.finding(by_a_contract(with_event(place, lambda _, event=event: [event]), place))
        assert needed in said


def test_a_proposal_whose_premise_has_changed_is_not_executed(recorded: Recorded) -> None:
    """By each kind of premise: limits of the Arena, reviews' terms, the split of revenue."""
    queued = spot_of(recorded, "ProposalQueued", EXECUTED)

    def changed(change: Callable[[Books], None]) -> str:
        def listener(taken: Taken, books: Books) -> None:
            if taken.tx_hash == queued[0]:
                change(books)

        return wrong_books(recorded, listener)

    def limits(books: Books) -> None:
        books.limits = Limits(1, 1, 60, 60)

    def terms(books: Books) -> None:
        assert books.dao is not None
        books.dao.terms = replace(books.dao.terms, reward_wei=5)

    def split(books: Books) -> None:
        assert books.dao is not None
        books.dao.answers = {asked: answer + b"\0" for asked, answer in books.dao.answers.items()}

    for change in (limits, terms, split):
        assert "has changed since the proposal was made" in changed(change)


# Stakes and rewards


def test_a_stake_goes_where_it_belongs_to_the_wei(recorded: Recorded) -> None:
    """A condemned one's author gets nothing back; every other gets all of it."""
    treasury = recorded.deployment.address(TREASURY)
    scam, outvoted = (spot_of(recorded, "StakeSettled", which) for which in (SCAM, OUTVOTED))

    def back(taken: Taken) -> Taken:
        events = (
            replace(event, values={**event.values, "to": PROPOSER.address}) if "to" in event.values else event
            for event in taken.events
        )
        return replace(taken, events=tuple(events)) if taken.tx_hash == scam[0] else taken

    said = recorded.finding(back)
    assert f"StakeSettled: the chain says to {PROPOSER.address}, the rules give to {treasury}" in said
    assert f"the rules give to {LARGE.address}" in recorded.finding(with_values(outvoted, to=treasury))
    assert "StakeSettled: the chain says stakeWei" in recorded.finding(with_field(outvoted, "stakeWei"))


def test_a_reward_is_an_executed_proposals_alone_and_as_much_as_the_treasury_has(recorded: Recorded) -> None:
    rewards = [event.values["amountWei"] for _, event in recorded.spots(TREASURY) if event.name == "Rewarded"]
    assert rewards[0] == TERMS.reward_wei
    for which in (UNQUEUED, OUTVOTED):
        spot = spot_of(recorded, "StakeSettled", which)
        said = recorded.finding(with_values(spot, rewardWei=TERMS.reward_wei))
        assert "rewardWei 0" in said

    def dry(taken: Taken, books: Books) -> None:
        if taken.tx_hash == spot_of(recorded, "ProposalExecuted", EXECUTED)[0]:
            treasury = recorded.deployment.address(TREASURY)
            take_from(books, treasury, books.money.held(treasury) - 3)

    assert "Treasury.Rewarded: the chain says amountWei" in wrong_books(recorded, dry)


def test_a_stake_that_is_settled_twice_or_before_its_decision_is_found(recorded: Recorded) -> None:
    spot = spot_of(recorded, "StakeSettled", OUTVOTED)
    ends_at = made_at(recorded, OUTVOTED) + TERMS.review_s + TERMS.vote_s
    assert "needed one that is decided" in recorded.finding(at_second(spot, ends_at))
    twice = [taken for taken in recorded.told for _ in range(2 if taken.tx_hash == spot[0] else 1)]
    with pytest.raises(DoesNotHold, match="is settled"):
        audit_market(Altered(recorded.source, told=twice), recorded.deployment)


def test_stakes_that_leave_the_dao_by_no_rule_are_found(recorded: Recorded) -> None:
    """Also by a proposal that relays them: they are owed to their authors."""
    tx_hash, _ = spot_of(recorded, "ProposalExecuted", BY_CONTRACT)
    dao = recorded.deployment.address(DAO)
    spot = next(spot for spot, event in recorded.spots("FML") if spot[0] == tx_hash and event.values["from"] == dao)
    assert "by no rule" in recorded.finding(with_field(spot, "value"))

    def no_gift(taken: Taken, books: Books) -> None:
        if taken.tx_hash == gift:
            books.money.gifts_wei.pop(dao)
            books.money.balances[dao] -= 11
            books.money.balances[NOBODY] = 11

    gift = next(
        taken.tx_hash
        for taken in recorded.told
        if any(event.values.get("to") == dao and event.values.get("value") == 11 for event in taken.events)
    )
    assert "5 wei leave" in wrong_books(recorded, no_gift)


def test_a_dao_that_holds_less_than_its_stakes_is_found(recorded: Recorded) -> None:
    """A stake that the books have as settled while it is still there, and the other way round."""

    def forgotten(taken: Taken, books: Books) -> None:
        if books.dao is not None and number_of(recorded, MISSED) in books.dao.proposals:
            books.dao.proposals[number_of(recorded, MISSED)].is_settled = True

    assert "wei of FML, it owes" in wrong_books(recorded, forgotten)


def _last(values: Mapping[str, Any], value: object) -> dict[str, Any]:
    """Return an event's fields with another one in the last."""
    *_, name = values
    return {**values, name: value}
