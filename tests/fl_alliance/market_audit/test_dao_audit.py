"""What holders decided is recounted from what they had locked: a chain that says otherwise is found, and where."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import assembly
import pytest
from assembly import DEPLOYER, LARGE, PROPOSER, RIVAL, SMALL, STRANGER, TERMS, TREASURY_WEI, Assembly
from dao_play import play_dao
from forging import rewrite
from tampering import NOBODY, Altered, Recorded, with_event, with_field

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market import FileSource, NodeSource, audit_market
from fl_alliance.audit.market.step import Books
from fl_alliance.audit.market.taken import Taken
from fl_alliance.chain.arena_types import Limits
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import connected
from fl_alliance.chain.dao_deploy import add_dao, hand_over
from fl_alliance.chain.deploy import DAO, EMISSION, TIMELOCK, TREASURY, VOTES, Contract, Deployment
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.market import deploy_market
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.node.block import Block, Receipt
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.proposals import LAPSE_S, MAX_TURNS_S
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.stages import Stage
from fl_alliance.cli.main import main
from fl_alliance.governance.parameters import PARAMETERS

CONTRACTS = (DAO, TIMELOCK, TREASURY)
EXECUTED, SCAM, BACK, MISSED, OUTVOTED, UNQUEUED, WAITING, BY_CONTRACT, MEETING, IN_REVIEW = range(10)
"""The proposals of the play, in their order."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    path = tmp_path_factory.mktemp("dao") / "chain.db"
    with assembly.assembled(f"file://{path}") as dao:
        play_dao(dao)
    return Recorded.of(path)


@pytest.fixture(scope="module")
def numbers(recorded: Recorded) -> list[int]:
    """The Governor's numbers of the play's proposals."""
    return [event.values["proposalId"] for _, event in recorded.spots(DAO) if event.name == "ProposalCreated"]


def spot_of(recorded: Recorded, name: str, number: int, **values: object) -> tuple[str, int]:
    """Where the first event of a name is that a proposal left, with these values."""
    wanted = {"proposalId": number, **values}
    return next(
        spot for spot, event in recorded.spots(DAO) if event.name == name and wanted.items() <= event.values.items()
    )


def at_second(spot: tuple[str, int], second: int) -> Callable[[Taken], Taken]:
    """Say that a transaction was taken at another second."""
    return lambda taken: replace(taken, timestamp=second) if taken.tx_hash == spot[0] else taken


def without(spot: tuple[str, int]) -> Callable[[Taken], Taken | None]:
    """Leave a transaction out."""
    return lambda taken: None if taken.tx_hash == spot[0] else taken


def with_values(spot: tuple[str, int], **values: object) -> Callable[[Taken], Taken]:
    """Say something else in one event."""
    return with_event(spot, lambda event: [replace(event, values={**event.values, **values})])


def by_a_contract(change: Callable[[Taken], Taken | None], spot: tuple[str, int]) -> Callable[[Taken], Taken | None]:
    """Make a change in a transaction whose calldata shows nothing of it, as where a contract acts for somebody."""

    def apply(taken: Taken) -> Taken | None:
        return change(replace(taken, to=NOBODY) if taken.tx_hash == spot[0] else taken)

    return apply


def made_at(recorded: Recorded, number: int) -> int:
    created = spot_of(recorded, "ProposalCreated", number)
    return next(taken.timestamp for taken in recorded.told if taken.tx_hash == created[0])


# What holds


def test_every_stage_is_recounted_and_no_manifest_has_to_name_the_dao(recorded: Recorded) -> None:
    audited = audit_market(recorded.source)
    books, counts = audited.books, audited.books.counts
    assert books.dao is not None
    stages = [books.dao.stage(proposal, audited.second) for proposal in books.dao.proposals.values()]
    assert stages == [
        *(Stage.EXECUTED, Stage.DEFEATED, Stage.CANCELED, Stage.DEFEATED, Stage.DEFEATED, Stage.EXPIRED),
        *(Stage.EXPIRED, Stage.EXECUTED, Stage.ACTIVE, Stage.PENDING),
    ]
    assert (counts.proposals, counts.appearances, counts.votes, counts.unseen) == (10, 11, 10, 0)
    first = next(iter(books.dao.proposals.values()))
    assert first.vote_ends_at < first.quorum_until < first.turned_until <= first.vote_ends_at + MAX_TURNS_S
    assert len(first.appearances) == len(first.voters) - 1 == 3
    assert books.money.held(books.dao.at.dao) == books.dao.held_wei + 6  # eleven were sent to it, five passed on
    silent = {"EIP712DomainChanged", "Cancelled", "RoleAdminChanged"}
    for contract in CONTRACTS:
        names = {event.name for event in interface(contract).events.values()} - silent
        assert names == {event.name for _, event in recorded.spots(contract)}


def test_a_node_tells_the_same_decisions_as_its_file(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    with assembly.assembled(f"file://{path}") as dao:
        play_dao(dao)
        by_node = audit_market(NodeSource.connect(Rpc(dao.w3)), dao.deployment).books.dao
    by_file = audit_market(FileSource.open(path, executes=False)).books.dao
    assert by_node is not None
    assert by_file is not None
    assert by_node.proposals == by_file.proposals
    assert by_node.at == replace(by_file.at, answers={})


def test_a_dao_without_gauges_is_recounted(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    with connected(f"file://{path}") as w3:
        sender = Sender(w3, DEPLOYER)
        market = deploy_market(sender, sender.rpc.second() + 60)
        dao = Assembly(w3, add_dao(sender, market, STRANGER.address))
        Fml(sender, dao.deployment.fml).transfer(dao.deployment.address(TREASURY), TREASURY_WEI)
        dao.by(DEPLOYER).votes.lock(10**24)
        hand_over(sender, dao.deployment)
        dao.wait(60)
        dao.propose(by=DEPLOYER)
        manifest = dao.deployment
    source = FileSource.open(path, executes=False)
    for deployment in (None, manifest):
        assert audit_market(source, deployment).books.counts.proposals == 1


def test_the_command_says_how_many_proposals_it_recounted(
    recorded: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with assembly.assembled(f"file://{tmp_path / 'chain.db'}") as dao:
        executed = dao.pass_()
        dao.by(STRANGER).settle_stake(executed.number)
        dao.propose(text="Another")
        dao.deployment.save(tmp_path / "market.json")
    assert main(["audit", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "2 proposals of the DAO recounted from 1 appearances and 1 votes: 1 pending, 1 executed; 10,000 FML" in said
    assert "0 gauge votes recounted" in said
    assert "every block executed again" in said


def test_the_terms_that_proposals_take_for_granted_are_all_known_to_the_books(recorded: Recorded) -> None:
    """But what the marketplace's construction fixes on a node, which does not show it."""
    from fl_alliance.audit.market.premises import answer_of

    books = audit_market(recorded.source).books
    asked = {(known.terms.contract, view) for known in PARAMETERS.values() if known.terms for view in known.terms.views}
    assert len(asked) == 8
    for contract, view in asked:
        function, address = interface(contract).functions[view], recorded.deployment.contracts.get(contract)
        at = (
            address.address
            if address is not None
            else next(
                at
                for at, name in books.dao.at.marketplace.items()
                if name == contract  # type: ignore[union-attr]
            )
        )
        found = answer_of(books, at, function.selector)
        assert found is not None, (contract, view)
        assert function.result(found) == recorded.source.read(contract, at, view)


# What a proposal takes


def test_votes_that_a_holder_had_not_when_a_proposal_was_made_are_found(recorded: Recorded, numbers: list[int]) -> None:
    """RIVAL had delegated its votes before it, to the one who flagged, and asked them back since."""
    spot = spot_of(recorded, "Appeared", numbers[EXECUTED], holder=SMALL.address)
    said = recorded.finding(with_values(spot, votesWei=100_000 * 10**18))
    assert (
        f"Dao.Appeared: the chain says votesWei {100_000 * 10**18}, the rules give votesWei {99_000 * 10**18}" in said
    )
    given = with_values(spot, holder=RIVAL.address, votesWei=250_000 * 10**18)
    assert f"{RIVAL.address} had no votes" in recorded.finding(by_a_contract(given, spot))


def test_a_stake_that_was_not_there_or_not_paid_is_found(recorded: Recorded, numbers: list[int]) -> None:
    spot = spot_of(recorded, "ProposalCreated", numbers[SCAM])

    def unpaid(taken: Taken) -> Taken:
        is_it = taken.tx_hash == spot[0]
        return replace(taken, events=taken.events[:1]) if is_it else taken

    assert "the chain says nothing more, the rules give FML.Transfer" in recorded.finding(unpaid)

    def poor(taken: Taken, books: Books) -> None:
        if taken.tx_hash == spot_of(recorded, "StakeSettled", numbers[EXECUTED])[0]:
            _take(books, PROPOSER.address, books.money.held(PROPOSER.address) - 1)

    assert f"{PROPOSER.address} sends" in wrong_books(recorded, poor)


def test_a_second_proposal_of_an_author_whose_first_is_not_decided_is_found(
    recorded: Recorded, numbers: list[int]
) -> None:
    spot = spot_of(recorded, "ProposalCreated", numbers[UNQUEUED])
    early = made_at(recorded, numbers[SCAM]) + TERMS.review_s - 1
    assert "has a proposal that is not decided" in recorded.finding(at_second(spot, early))


def test_what_is_reserved_for_another_author_is_found(recorded: Recorded, numbers: list[int]) -> None:
    spot = spot_of(recorded, "ProposalCreated", numbers[SCAM])
    assert "reserves it for another" in recorded.finding(by_a_contract(with_values(spot, proposer=LARGE.address), spot))


def test_calls_under_another_proposals_number_are_found(recorded: Recorded, numbers: list[int]) -> None:
    """The number binds targets, values, calldata and text, also where a contract proposed."""
    spot = spot_of(recorded, "ProposalCreated", numbers[EXECUTED])
    _, created = next(found for found in recorded.spots(DAO) if found[0] == spot)
    first, *rest = created.values["calldatas"]
    other = with_values(spot, calldatas=(first + b"\0", *rest))
    assert "Dao.ProposalCreated: the chain says proposalId" in recorded.finding(by_a_contract(other, spot))
    assert "its event says" in recorded.finding(other)


# Reviews


def test_a_flag_of_a_reviews_last_third_is_found(recorded: Recorded, numbers: list[int]) -> None:
    made, number = made_at(recorded, numbers[SCAM]), numbers[SCAM]
    closes_at = made + TERMS.review_s - (TERMS.review_s + 1) // 3
    spot = spot_of(recorded, "Appeared", number, holder=RIVAL.address)
    said = recorded.finding(at_second(spot, closes_at))
    assert f"flagged at second {closes_at}, needed one before {closes_at}" in said


def test_an_appearance_after_the_review_or_the_second_of_a_holder_is_found(
    recorded: Recorded, numbers: list[int]
) -> None:
    spot = spot_of(recorded, "Appeared", numbers[OUTVOTED])
    ended = made_at(recorded, numbers[OUTVOTED]) + TERMS.review_s + 60 + 1
    assert "needed PENDING" in recorded.finding(at_second(spot, ended))
    twice = with_event(spot, lambda event: [event, event])
    assert "has appeared" in recorded.finding(by_a_contract(twice, spot))


def test_a_meeting_that_too_few_opened_is_found(recorded: Recorded, numbers: list[int]) -> None:
    """Without LARGE's appearance nobody had signed in for what most then voted against."""
    spot = spot_of(recorded, "Appeared", numbers[OUTVOTED], holder=LARGE.address)
    assert "is DEFEATED, needed ACTIVE" in recorded.finding(without(spot))


def test_a_meeting_of_what_flags_had_condemned_is_found(recorded: Recorded, numbers: list[int]) -> None:
    """LARGE's sign-in is told as a flag: three quarters of all votes condemn."""
    spot = spot_of(recorded, "Appeared", numbers[OUTVOTED], holder=LARGE.address)
    flagged = by_a_contract(with_values(spot, appearance=2), spot)
    assert "is DEFEATED, needed ACTIVE" in recorded.finding(flagged)


def test_a_proposal_that_is_taken_back_after_a_flag_or_by_another_is_found(
    recorded: Recorded, numbers: list[int]
) -> None:
    back = spot_of(recorded, "ProposalCanceled", numbers[BACK])
    flagged = by_a_contract(with_values(back, proposalId=numbers[SCAM]), back)
    assert "of flags, needed none" in recorded.finding(flagged)

    def by_other(taken: Taken) -> Taken:
        return replace(taken, sender=LARGE.address) if taken.tx_hash == back[0] else taken

    assert f"sent by {LARGE.address}, its event says {RIVAL.address}" in recorded.finding(by_other)


# Meetings


def test_a_vote_counts_what_its_voter_had_when_the_review_ended(recorded: Recorded, numbers: list[int]) -> None:
    spot = spot_of(recorded, "VoteCast", numbers[MEETING], voter=RIVAL.address)
    said = recorded.finding(with_values(spot, weight=300_000 * 10**18))
    assert f"the chain says weight {300_000 * 10**18}, the rules give weight {250_000 * 10**18}" in said


def test_a_vote_that_is_told_otherwise_than_it_was_sent_is_found(recorded: Recorded, numbers: list[int]) -> None:
    signed = spot_of(recorded, "VoteCast", numbers[EXECUTED], voter=RIVAL.address)
    reasoned = spot_of(recorded, "VoteCast", numbers[EXECUTED], voter=SMALL.address)
    for spot, values in ((signed, {"support": 1}), (reasoned, {"support": 1}), (reasoned, {"reason": b"well done"})):
        assert "its event says" in recorded.finding(with_values(spot, **values))


def test_a_vote_before_or_after_its_meeting_or_twice_is_found(recorded: Recorded, numbers: list[int]) -> None:
    spot = spot_of(recorded, "VoteCast", numbers[OUTVOTED], voter=RIVAL.address)
    review_ends_at = made_at(recorded, numbers[OUTVOTED]) + TERMS.review_s
    assert "is PENDING, needed ACTIVE" in recorded.finding(at_second(spot, review_ends_at))
    ended = at_second(spot, review_ends_at + TERMS.vote_s + 1)
    assert "is DEFEATED, needed ACTIVE" in recorded.finding(ended)
    assert "has voted" in recorded.finding(by_a_contract(with_event(spot, lambda event: [event, event]), spot))


def test_a_late_vote_prolongs_its_meeting_to_the_second(recorded: Recorded, numbers: list[int]) -> None:
    """The first such event is a late quorum's, the second a turned outcome's."""
    spots = [spot for spot, event in recorded.spots(DAO) if event.name == "ProposalExtended"]
    assert len(spots) == 2
    for spot in spots:
        assert "the rules give Dao.ProposalExtended" in recorded.finding(with_event(spot, lambda _: []))
        assert "ProposalExtended: the chain says extendedDeadline" in recorded.finding(
            with_field(spot, "extendedDeadline")
        )
    ballot = spot_of(recorded, "VoteCast", numbers[OUTVOTED], voter=RIVAL.address)
    told = MarketEvent(DAO, recorded.deployment.address(DAO), "ProposalExtended", {}, 0, 0, "")
    more = with_event(ballot, lambda event: [event, replace(told, values={"proposalId": 1, "extendedDeadline": 2})])
    assert "follows from nothing" in recorded.finding(more)


# The time lock, and what is executed


def test_what_did_not_pass_is_not_queued(recorded: Recorded, numbers: list[int]) -> None:
    """Without its votes for it, and without a quorum of them."""
    spot = spot_of(recorded, "VoteCast", numbers[WAITING], voter=LARGE.address)
    assert "is DEFEATED, needed SUCCEEDED" in recorded.finding(without(spot))
    against = by_a_contract(with_values(spot, support=0), spot)
    assert "is DEFEATED, needed SUCCEEDED" in recorded.finding(against)


def test_what_lapsed_is_not_queued_and_not_executed(recorded: Recorded, numbers: list[int]) -> None:
    queued = spot_of(recorded, "ProposalQueued", numbers[WAITING])
    ends_at = made_at(recorded, numbers[WAITING]) + TERMS.review_s + TERMS.vote_s
    assert "is EXPIRED, needed SUCCEEDED" in recorded.finding(at_second(queued, ends_at + LAPSE_S + 60))
    executed = spot_of(recorded, "ProposalExecuted", numbers[EXECUTED])
    eta = _values(recorded, spot_of(recorded, "ProposalQueued", numbers[EXECUTED]))["etaSeconds"]
    assert "is EXPIRED, needed QUEUED" in recorded.finding(at_second(executed, eta + LAPSE_S + 1))


def test_what_has_not_waited_is_not_executed(recorded: Recorded, numbers: list[int]) -> None:
    eta = _values(recorded, spot_of(recorded, "ProposalQueued", numbers[EXECUTED]))["etaSeconds"]
    executed = spot_of(recorded, "ProposalExecuted", numbers[EXECUTED])
    said = recorded.finding(at_second(executed, eta - 1))
    assert f"executed at second {eta - 1}, needed {eta}" in said
    queued = spot_of(recorded, "ProposalQueued", numbers[EXECUTED])
    assert "ProposalQueued: the chain says etaSeconds" in recorded.finding(with_values(queued, etaSeconds=eta - 1))


def test_what_was_never_queued_is_not_executed(recorded: Recorded, numbers: list[int]) -> None:
    assert "is SUCCEEDED, needed QUEUED" in recorded.finding(
        without(spot_of(recorded, "ProposalQueued", numbers[BY_CONTRACT]))
    )


def test_a_call_that_was_not_made_or_is_another_is_found(recorded: Recorded, numbers: list[int]) -> None:
    tx_hash, _ = spot_of(recorded, "ProposalExecuted", numbers[EXECUTED])
    made = [spot for spot, event in recorded.spots(TIMELOCK) if event.name == "CallExecuted" and spot[0] == tx_hash]
    assert len(made) == 11
    last = made[-1]
    assert "10 of 11 calls" in recorded.finding(with_event(last, lambda _: []))
    assert "CallExecuted: the chain says data" in recorded.finding(with_values(last, data=b"\0"))
    twice = recorded.finding(with_event(last, lambda event: [event, event]))
    assert "has 11 calls, and another was made" in twice


def test_a_call_whose_event_is_missing_is_found(recorded: Recorded, numbers: list[int]) -> None:
    tx_hash, _ = spot_of(recorded, "ProposalExecuted", numbers[EXECUTED])
    lowered = next(
        spot for spot, event in recorded.spots(EMISSION) if event.name == "ScheduleLowered" and spot[0] == tx_hash
    )
    assert "the call of lower left no event" in recorded.finding(with_event(lowered, lambda _: []))


def test_an_operation_of_the_time_lock_that_is_no_proposals_is_found(recorded: Recorded, numbers: list[int]) -> None:
    place = spot_of(recorded, "StakeSettled", numbers[MISSED])
    for name in ("CallScheduled", "CallExecuted"):
        event = next(event for _, event in recorded.spots(TIMELOCK) if event.name == name)
        said = recorded.finding(by_a_contract(with_event(place, lambda _, event=event: [event]), place))
        assert f"{name} of an operation that is no proposal's" in said


def test_what_the_time_lock_alone_may_do_is_found_where_no_proposal_does_it(
    recorded: Recorded, numbers: list[int]
) -> None:
    """A schedule, the treasury, terms and a role: each told in the transaction of somebody's contract."""
    place = spot_of(recorded, "StakeSettled", numbers[MISSED])
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


def test_a_proposal_whose_premise_has_changed_is_not_executed(recorded: Recorded, numbers: list[int]) -> None:
    """By each kind of premise: limits of the Arena, reviews' terms, the split of revenue."""
    queued = spot_of(recorded, "ProposalQueued", numbers[EXECUTED])

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


def test_a_stake_goes_where_it_belongs_to_the_wei(recorded: Recorded, numbers: list[int]) -> None:
    """A condemned one's author gets nothing back; every other gets all of it."""
    treasury = recorded.deployment.address(TREASURY)
    scam, outvoted = (spot_of(recorded, "StakeSettled", numbers[which]) for which in (SCAM, OUTVOTED))

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


def test_a_reward_is_an_executed_proposals_alone_and_as_much_as_the_treasury_has(
    recorded: Recorded, numbers: list[int]
) -> None:
    rewards = [event.values["amountWei"] for _, event in recorded.spots(TREASURY) if event.name == "Rewarded"]
    assert rewards[0] == TERMS.reward_wei
    for which in (UNQUEUED, OUTVOTED):
        spot = spot_of(recorded, "StakeSettled", numbers[which])
        said = recorded.finding(with_values(spot, rewardWei=TERMS.reward_wei))
        assert "rewardWei 0" in said

    def dry(taken: Taken, books: Books) -> None:
        if taken.tx_hash == spot_of(recorded, "ProposalExecuted", numbers[EXECUTED])[0]:
            treasury = recorded.deployment.address(TREASURY)
            _take(books, treasury, books.money.held(treasury) - 3)

    assert "Treasury.Rewarded: the chain says amountWei" in wrong_books(recorded, dry)


def test_a_stake_that_is_settled_twice_or_before_its_decision_is_found(recorded: Recorded, numbers: list[int]) -> None:
    spot = spot_of(recorded, "StakeSettled", numbers[OUTVOTED])
    ends_at = made_at(recorded, numbers[OUTVOTED]) + TERMS.review_s + TERMS.vote_s
    assert "needed one that is decided" in recorded.finding(at_second(spot, ends_at))
    twice = [taken for taken in recorded.told for _ in range(2 if taken.tx_hash == spot[0] else 1)]
    with pytest.raises(DoesNotHold, match="is settled"):
        audit_market(Altered(recorded.source, told=twice), recorded.deployment)


def test_stakes_that_leave_the_dao_by_no_rule_are_found(recorded: Recorded, numbers: list[int]) -> None:
    """Also by a proposal that relays them: they are owed to their authors."""
    tx_hash, _ = spot_of(recorded, "ProposalExecuted", numbers[BY_CONTRACT])
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


# All of it


def test_every_field_of_every_event_of_the_dao_is_bound(recorded: Recorded) -> None:
    count = 0
    for spot, event in recorded.spots(*CONTRACTS):
        for field in event.values:
            assert recorded.finding(with_field(spot, field)).startswith("block "), (event, field)
            count += 1
    assert count >= 400


def test_an_event_of_the_dao_that_is_left_out_or_told_twice_is_found(recorded: Recorded) -> None:
    for spot, _ in recorded.spots(*CONTRACTS):
        recorded.finding(with_event(spot, lambda _: []))
        recorded.finding(with_event(spot, lambda event: [event, event]))


def test_a_transaction_of_the_dao_that_is_left_out_is_found(recorded: Recorded) -> None:
    """But for a vote of nobody's FML, which counts for nothing."""
    empty = [spot[0] for spot, event in recorded.spots(DAO) if event.values.get("weight") == 0]
    assert len(empty) == 1
    gone = [
        taken
        for taken in recorded.told
        if taken.tx_hash not in empty and any(event.source in CONTRACTS for event in taken.events)
    ]
    assert len(gone) >= 50
    for taken in gone:
        recorded.finding(without((taken.tx_hash, 0)))


@pytest.mark.parametrize(
    ("contract", "name"),
    [
        *((DAO, name) for name in ("state", "proposalVotes", "reviewOf", "proposalDeadline", "proposalEta")),
        *((DAO, name) for name in ("proposalSnapshot", "proposalProposer", "appearanceOf", "hasVoted", "quorum")),
        *((DAO, name) for name in ("reviewTerms", "votingDelay", "votingPeriod", "lateQuorumVoteExtension")),
        *((DAO, name) for name in ("quorumNumerator", "timelock", "treasury")),
        *((TIMELOCK, name) for name in ("getMinDelay", "getTimestamp", "hasRole")),
    ],
)
def test_a_figure_that_the_dao_keeps_otherwise_is_found(recorded: Recorded, contract: str, name: str) -> None:
    def answers(source: str, function: str, args: tuple[Any, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
        del args
        return tuple(map(_other, values)) if (source, function) == (contract, name) else values

    with pytest.raises(DoesNotHold, match="the contract says"):
        audit_market(Altered(recorded.source, answers=answers, told=recorded.told), recorded.deployment)


@pytest.mark.parametrize("executes", [True, False])
def test_a_vote_that_the_files_author_tells_otherwise_is_named(tmp_path: Path, executes: bool) -> None:
    """A copied chain file, forged with all its hashes: by execution, and by the rules alone."""
    path = tmp_path / "chain.db"
    with assembly.assembled(f"file://{path}") as dao:
        dao.by(LARGE).vote(dao.meet().number, 1)  # type: ignore[arg-type]
    topic = interface(DAO).event("VoteCast").topic
    with ChainFile(path) as file:
        block = next(
            b.number for b in file.blocks() if b.receipt and any(log.topics[:1] == (topic,) for log in b.receipt.logs)
        )

    def change(block: Block) -> Block:
        assert block.receipt is not None
        logs = tuple(replace(log, data=log.data[:95] + b"\1" + log.data[96:]) for log in block.receipt.logs)
        return replace(block, receipt=Receipt.of(block.receipt.status, block.receipt.gas_used, logs))

    rewrite(path, block, change)
    with pytest.raises(DoesNotHold) as found:
        audit_market(FileSource.open(path, executes=executes))
    assert str(found.value).startswith(f"block {block}")
    assert ("the events" if executes else "Dao.VoteCast: the chain says weight") in str(found.value)


def test_a_dao_of_other_contracts_is_not_the_markets(recorded: Recorded) -> None:
    contracts = dict(recorded.deployment.contracts)
    for name, needed in (
        (DAO, "was not created over"),
        (TREASURY, "knows Treasury at"),
        (TIMELOCK, "knows Timelock at"),
    ):
        changed = contracts | {name: Contract(NOBODY, "")}
        wrong = Deployment(recorded.deployment.chain_id, recorded.deployment.block, changed)
        with pytest.raises(DoesNotHold, match=needed):
            audit_market(recorded.source, wrong)


def wrong_books(recorded: Recorded, listener: Callable[[Taken, Books], object]) -> str:
    """What the audit reports where its books are changed behind it after some transaction."""
    source = Altered(recorded.source, told=recorded.told)
    with pytest.raises(DoesNotHold) as found:
        audit_market(source, recorded.deployment, lambda taken, books: (listener(taken, books), None)[1])
    return str(found.value)


def _take(books: Books, account: str, wei: int) -> None:
    """Let an account hold less, and nobody more."""
    books.money.balances[account] -= wei
    books.money.balances[NOBODY] = books.money.held(NOBODY) + wei


def _values(recorded: Recorded, spot: tuple[str, int]) -> Any:
    return next(event.values for at, event in recorded.spots(DAO) if at == spot)


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return (value[0] + 1, *value[1:])
    return NOBODY if isinstance(value, str) else value + 1
