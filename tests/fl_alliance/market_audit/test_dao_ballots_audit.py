"""Proposals, reviews and votes that were not as a chain tells them are found, and the rule that they break is named."""

from dataclasses import replace
from pathlib import Path

import assembly
from assembly import LARGE, PROPOSER, RIVAL, SMALL, TERMS
from dao_record import (
    BACK,
    EXECUTED,
    MEETING,
    OUTVOTED,
    SCAM,
    UNQUEUED,
    at_second,
    by_a_contract,
    made_at,
    number_of,
    spot_of,
    take_from,
    with_values,
    without,
    wrong_books,
)
from tampering import Recorded, with_event, with_field

from fl_alliance.audit.market import FileSource, audit_market
from fl_alliance.audit.market.step import Books
from fl_alliance.audit.market.taken import Taken
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.dao import Support
from fl_alliance.chain.deploy import DAO
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.rules.proposals import MAX_TURNS_S
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML

# What a proposal takes


def test_votes_that_a_holder_had_not_when_a_proposal_was_made_are_found(recorded: Recorded) -> None:
    """RIVAL had delegated its votes before it, to the one who flagged, and asked them back since."""
    spot = spot_of(recorded, "Appeared", EXECUTED, holder=SMALL.address)
    said = recorded.finding(with_values(spot, votesWei=100_000 * 10**18))
    assert (
        f"Dao.Appeared: the chain says votesWei {100_000 * 10**18}, the rules give votesWei {99_000 * 10**18}" in said
    )
    given = with_values(spot, holder=RIVAL.address, votesWei=250_000 * 10**18)
    assert f"{RIVAL.address} had no votes" in recorded.finding(by_a_contract(given, spot))


def test_a_stake_that_was_not_there_or_not_paid_is_found(recorded: Recorded) -> None:
    spot = spot_of(recorded, "ProposalCreated", SCAM)

    def unpaid(taken: Taken) -> Taken:
        is_it = taken.tx_hash == spot[0]
        return replace(taken, events=taken.events[:1]) if is_it else taken

    assert "the chain says nothing more, the rules give FML.Transfer" in recorded.finding(unpaid)

    def poor(taken: Taken, books: Books) -> None:
        if taken.tx_hash == spot_of(recorded, "StakeSettled", EXECUTED)[0]:
            take_from(books, PROPOSER.address, books.money.held(PROPOSER.address) - 1)

    assert f"{PROPOSER.address} sends" in wrong_books(recorded, poor)


def test_a_second_proposal_of_an_author_whose_first_is_not_decided_is_found(recorded: Recorded) -> None:
    spot = spot_of(recorded, "ProposalCreated", UNQUEUED)
    early = made_at(recorded, SCAM) + TERMS.review_s - 1
    assert "has a proposal that is not decided" in recorded.finding(at_second(spot, early))


def test_what_is_reserved_for_another_author_is_found(recorded: Recorded) -> None:
    spot = spot_of(recorded, "ProposalCreated", SCAM)
    assert "reserves it for another" in recorded.finding(by_a_contract(with_values(spot, proposer=LARGE.address), spot))


def test_calls_under_another_proposals_number_are_found(recorded: Recorded) -> None:
    """The number binds targets, values, calldata and text, also where a contract proposed."""
    spot = spot_of(recorded, "ProposalCreated", EXECUTED)
    _, created = next(found for found in recorded.spots(DAO) if found[0] == spot)
    first, *rest = created.values["calldatas"]
    other = with_values(spot, calldatas=(first + b"\0", *rest))
    assert "Dao.ProposalCreated: the chain says proposalId" in recorded.finding(by_a_contract(other, spot))
    assert "its event says" in recorded.finding(other)


# Reviews


def test_a_flag_of_a_reviews_last_third_is_found(recorded: Recorded) -> None:
    made, number = made_at(recorded, SCAM), SCAM
    closes_at = made + TERMS.review_s - (TERMS.review_s + 1) // 3
    spot = spot_of(recorded, "Appeared", number, holder=RIVAL.address)
    said = recorded.finding(at_second(spot, closes_at))
    assert f"flagged at second {closes_at}, needed one before {closes_at}" in said


def test_an_appearance_after_the_review_or_the_second_of_a_holder_is_found(recorded: Recorded) -> None:
    spot = spot_of(recorded, "Appeared", OUTVOTED)
    ended = made_at(recorded, OUTVOTED) + TERMS.review_s + 60 + 1
    assert "needed PENDING" in recorded.finding(at_second(spot, ended))
    twice = with_event(spot, lambda event: [event, event])
    assert "has appeared" in recorded.finding(by_a_contract(twice, spot))


def test_a_meeting_that_too_few_opened_is_found(recorded: Recorded) -> None:
    """Without LARGE's appearance nobody had signed in for what most then voted against."""
    spot = spot_of(recorded, "Appeared", OUTVOTED, holder=LARGE.address)
    assert "is DEFEATED, needed ACTIVE" in recorded.finding(without(spot))


def test_a_meeting_of_what_flags_had_condemned_is_found(recorded: Recorded) -> None:
    """LARGE's sign-in is told as a flag: three quarters of all votes condemn."""
    spot = spot_of(recorded, "Appeared", OUTVOTED, holder=LARGE.address)
    flagged = by_a_contract(with_values(spot, appearance=2), spot)
    assert "is DEFEATED, needed ACTIVE" in recorded.finding(flagged)


def test_a_proposal_that_is_taken_back_after_a_flag_or_by_another_is_found(recorded: Recorded) -> None:
    back = spot_of(recorded, "ProposalCanceled", BACK)
    flagged = by_a_contract(with_values(back, proposalId=number_of(recorded, SCAM)), back)
    assert "of flags, needed none" in recorded.finding(flagged)

    def by_other(taken: Taken) -> Taken:
        return replace(taken, sender=LARGE.address) if taken.tx_hash == back[0] else taken

    assert f"sent by {LARGE.address}, its event says {RIVAL.address}" in recorded.finding(by_other)


# Meetings


def test_a_vote_counts_what_its_voter_had_when_the_review_ended(recorded: Recorded) -> None:
    spot = spot_of(recorded, "VoteCast", MEETING, voter=RIVAL.address)
    said = recorded.finding(with_values(spot, weight=300_000 * 10**18))
    assert f"the chain says weight {300_000 * 10**18}, the rules give weight {250_000 * 10**18}" in said


def test_a_vote_that_is_told_otherwise_than_it_was_sent_is_found(recorded: Recorded) -> None:
    signed = spot_of(recorded, "VoteCast", EXECUTED, voter=RIVAL.address)
    reasoned = spot_of(recorded, "VoteCast", EXECUTED, voter=SMALL.address)
    for spot, values in ((signed, {"support": 1}), (reasoned, {"support": 1}), (reasoned, {"reason": b"well done"})):
        assert "its event says" in recorded.finding(with_values(spot, **values))


def test_a_vote_before_or_after_its_meeting_or_twice_is_found(recorded: Recorded) -> None:
    spot = spot_of(recorded, "VoteCast", OUTVOTED, voter=RIVAL.address)
    review_ends_at = made_at(recorded, OUTVOTED) + TERMS.review_s
    assert "is PENDING, needed ACTIVE" in recorded.finding(at_second(spot, review_ends_at))
    ended = at_second(spot, review_ends_at + TERMS.vote_s + 1)
    assert "is DEFEATED, needed ACTIVE" in recorded.finding(ended)
    assert "has voted" in recorded.finding(by_a_contract(with_event(spot, lambda event: [event, event]), spot))


def test_outcomes_that_turn_day_after_day_prolong_a_meeting_for_a_week_at_most(tmp_path: Path) -> None:
    """Accounts each of which outvotes the one before it, in the last minute of every day."""
    path, holders = tmp_path / "chain.db", [NodeKey.derive(606, number) for number in range(9)]
    with assembly.assembled(f"file://{path}") as dao:
        for number, key in enumerate(holders):
            Sender(dao.w3, LARGE).send(key.address, b"", 21_000, "gas money", 10**18)
            dao.fml.transfer(key.address, 2**number * WEI_PER_FML)
            dao.by(key).votes.lock(2**number * WEI_PER_FML)
        dao.wait(10)
        number = dao.meet().number
        dao.by(RIVAL).vote(number, Support.ABSTAIN)
        for at, key in enumerate(holders):
            dao.wait(dao.view.vote_ends_at(number) - dao.rpc.second() - 60)
            dao.by(key).vote(number, Support.AGAINST if at % 2 else Support.FOR)
    books = audit_market(FileSource.open(path, executes=False)).books.dao
    assert books is not None
    [proposal] = books.proposals.values()
    assert proposal.deadline == proposal.turned_until == proposal.vote_ends_at + MAX_TURNS_S


def test_a_late_vote_prolongs_its_meeting_to_the_second(recorded: Recorded) -> None:
    """The first such event is a late quorum's, the second a turned outcome's."""
    spots = [spot for spot, event in recorded.spots(DAO) if event.name == "ProposalExtended"]
    assert len(spots) == 2
    for spot in spots:
        assert "the rules give Dao.ProposalExtended" in recorded.finding(with_event(spot, lambda _: []))
        assert "ProposalExtended: the chain says extendedDeadline" in recorded.finding(
            with_field(spot, "extendedDeadline")
        )
    ballot = spot_of(recorded, "VoteCast", OUTVOTED, voter=RIVAL.address)
    told = MarketEvent(DAO, recorded.deployment.address(DAO), "ProposalExtended", {}, 0, 0, "")
    more = with_event(ballot, lambda event: [event, replace(told, values={"proposalId": 1, "extendedDeadline": 2})])
    assert "follows from nothing" in recorded.finding(more)
