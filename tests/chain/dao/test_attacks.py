"""Ways to take a DAO cheaply, each of which fails, and who loses what."""

import pytest
from assembly import LARGE, LOCKED, PROPOSER, RIVAL, SMALL, STRANGER, TERMS, TREASURY_WEI, Assembly
from eth_abi.abi import encode

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.codec import interface
from fl_alliance.chain.dao import Appearance, Call, Support, reserved
from fl_alliance.chain.dao_deploy import DaoTerms, add_dao
from fl_alliance.chain.dao_refusals import (
    AlreadyProposing,
    FlagsClosed,
    GovernorAlreadyCastVote,
    GovernorRestrictedProposer,
    GovernorUnexpectedProposalState,
    NotUnlocked,
    NoVotes,
)
from fl_alliance.chain.deploy import DAO, EMISSION, TREASURY, VOTES, Deployment, deploy
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.stages import Stage
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.governance.decoding import ALARM, Decoder


def test_borrowed_fml_have_no_vote_and_do_not_come_back_in_time(dao: Assembly) -> None:
    """A flash loan: locked for one transaction, or from the second a proposal is made on."""
    proposal = dao.propose()
    borrower = dao.by(STRANGER)
    borrower.votes.lock(1_000_000 * WEI_PER_FML)
    with pytest.raises(NoVotes):
        borrower.appear(proposal.number, Appearance.PRESENT)
    borrower.votes.request_unlock(1_000_000 * WEI_PER_FML)
    with pytest.raises(NotUnlocked):
        borrower.votes.withdraw()
    dao.by(LARGE).appear(proposal.number, Appearance.PRESENT)
    dao.wait(TERMS.review_s)
    borrower.vote(proposal.number, Support.FOR)
    assert dao.view.tally(proposal.number).for_wei == 0
    assert dao.view.votes_wei(STRANGER.address, dao.rpc.second() - 1) == 0


def test_fml_that_vote_cannot_be_handed_on_to_vote_again(dao: Assembly) -> None:
    proposal = dao.propose()
    dao.by(RIVAL).appear(proposal.number, Appearance.SCAM)
    dao.by(RIVAL).votes.delegate(STRANGER.address)
    with pytest.raises(NoVotes):
        dao.by(STRANGER).appear(proposal.number, Appearance.SCAM)
    dao.by(RIVAL).votes.delegate(RIVAL.address)
    dao.by(LARGE).appear(proposal.number, Appearance.PRESENT)
    dao.wait(TERMS.review_s)
    dao.by(RIVAL).vote(proposal.number, Support.AGAINST)
    dao.by(RIVAL).votes.delegate(STRANGER.address)
    dao.by(STRANGER).vote(proposal.number, Support.AGAINST)
    with pytest.raises(GovernorAlreadyCastVote):
        dao.by(RIVAL).vote(proposal.number, Support.AGAINST)
    assert dao.view.tally(proposal.number).against_wei == LOCKED[RIVAL.address] * WEI_PER_FML
    with pytest.raises(KeyError):  # a lock is no token: there is nothing to transfer
        dao.bound(VOTES).encode("transfer", STRANGER.address, 1)


def test_spam_costs_a_stake_each_and_one_account_has_one_at_a_time(dao: Assembly) -> None:
    first = dao.propose()
    with pytest.raises(AlreadyProposing):
        dao.propose(text="Another")
    dao.by(RIVAL).appear(first.number, Appearance.FRIVOLOUS)
    before = dao.fml.balance_wei(PROPOSER.address)
    dao.wait(TERMS.review_s)
    dao.propose(text="Another")
    dao.by(STRANGER).settle_stake(first.number)
    assert dao.fml.balance_wei(PROPOSER.address) == before - TERMS.stake_wei
    assert dao.fml.balance_wei(dao.deployment.address(TREASURY)) == TREASURY_WEI + TERMS.stake_wei


def test_a_quorum_reached_in_the_last_second_leaves_a_day_to_answer(dao: Assembly) -> None:
    proposal = dao.meet()
    dao.wait(TERMS.vote_s - 10)
    dao.by(RIVAL).vote(proposal.number, Support.FOR)
    dao.wait(60)
    assert dao.view.stage(proposal.number) is Stage.ACTIVE
    dao.by(LARGE).vote(proposal.number, Support.AGAINST)
    dao.wait(TERMS.late_s + 1)
    assert dao.view.stage(proposal.number) is Stage.DEFEATED


def test_a_vote_that_turns_the_outcome_in_the_last_second_leaves_a_day_to_answer_and_a_week_in_all(
    dao: Assembly,
) -> None:
    """The quorum was there for days, and LARGE thought that it fails anyway: a seventh of all votes would decide."""
    dao.by(PROPOSER).votes.lock(100_000 * WEI_PER_FML)
    dao.wait(10)
    proposal = dao.meet()
    dao.by(RIVAL).vote(proposal.number, Support.ABSTAIN)
    dao.by(SMALL).vote(proposal.number, Support.AGAINST)
    first_end = dao.view.vote_ends_at(proposal.number)
    dao.wait(first_end - dao.rpc.second() - 10)
    dao.by(PROPOSER).vote(proposal.number, Support.FOR)
    dao.wait(60)
    assert dao.view.stage(proposal.number) is Stage.ACTIVE
    dao.wait(TERMS.late_s - 120)
    dao.by(LARGE).vote(proposal.number, Support.AGAINST)
    ends_at = dao.view.vote_ends_at(proposal.number)
    assert first_end + TERMS.late_s < ends_at <= first_end + 7 * 86_400
    dao.wait(TERMS.late_s + 1)
    assert dao.view.stage(proposal.number) is Stage.DEFEATED


def test_outcomes_that_turn_day_after_day_put_a_decision_off_for_a_week_at_most(dao: Assembly) -> None:
    """Accounts of one FML and more, each of which outvotes the one before it, in the last minute of every day."""
    holders = [NodeKey.derive(606, number) for number in range(12)]
    for number, key in enumerate(holders):
        Sender(dao.w3, LARGE).send(key.address, b"", 21_000, "gas money", 10**18)
        dao.fml.transfer(key.address, 2 ** (number + 1) * WEI_PER_FML)
        dao.by(key).votes.lock(2 ** (number + 1) * WEI_PER_FML)
    dao.wait(10)
    proposal = dao.meet()
    dao.by(RIVAL).vote(proposal.number, Support.ABSTAIN)
    first_end = dao.view.vote_ends_at(proposal.number)
    for number, key in enumerate(holders):
        dao.wait(max(1, dao.view.vote_ends_at(proposal.number) - dao.rpc.second() - 60))
        if dao.view.stage(proposal.number) is not Stage.ACTIVE:
            break
        dao.by(key).vote(proposal.number, Support.AGAINST if number % 2 else Support.FOR)
    dao.wait(first_end + 7 * 86_400 - dao.rpc.second() + 1)
    assert dao.view.vote_ends_at(proposal.number) == first_end + 7 * 86_400
    assert dao.view.stage(proposal.number) is not Stage.ACTIVE


def test_flags_of_a_few_hinder_nothing_that_more_sign_in_for(dao: Assembly) -> None:
    proposal = dao.propose()
    dao.by(RIVAL).appear(proposal.number, Appearance.SCAM)  # a quarter of all votes: enough, if nobody came
    assert dao.view.is_condemned(proposal.number)
    dao.by(LARGE).appear(proposal.number, Appearance.PRESENT)
    assert not dao.view.is_condemned(proposal.number)
    dao.wait(TERMS.review_s)
    assert dao.view.stage(proposal.number) is Stage.ACTIVE


def test_flags_below_the_share_condemn_nothing_even_where_nobody_else_comes(dao: Assembly) -> None:
    before = dao.fml.balance_wei(PROPOSER.address)
    proposal = dao.propose()
    dao.by(SMALL).appear(proposal.number, Appearance.SCAM)
    dao.wait(TERMS.review_s)
    assert not dao.view.is_condemned(proposal.number)
    dao.wait(TERMS.vote_s)
    dao.by(STRANGER).settle_stake(proposal.number)
    assert dao.fml.balance_wei(PROPOSER.address) == before


def test_who_locks_first_in_an_empty_dao_passes_nothing(dao: Assembly) -> None:
    """Of one FML locked it has all votes, and far fewer than any decision takes."""
    sender = Sender(dao.w3, STRANGER)
    alone = add_dao(sender, deploy(sender), STRANGER.address, DaoTerms(stake_wei=0))
    fresh = Assembly(dao.w3, Deployment(alone.chain_id, alone.block, alone.contracts))
    fresh.by(STRANGER).votes.lock(WEI_PER_FML)
    fresh.wait(10)
    proposal = fresh.propose(Call(alone.fml, b""), by=STRANGER)
    fresh.by(STRANGER).appear(proposal.number, Appearance.PRESENT)
    fresh.wait(TERMS.review_s)
    assert fresh.view.stage(proposal.number) is Stage.DEFEATED
    assert fresh.view.quorum_wei(Rpc(dao.w3).second() - 1) == TERMS.floor_wei


def test_calls_other_than_those_voted_on_are_never_made(dao: Assembly) -> None:
    """The number is a hash of the calls, so a payload cannot be exchanged behind a text that was voted on."""
    proposal = dao.meet()
    dao.by(LARGE).vote(proposal.number, Support.FOR)
    dao.wait(TERMS.vote_s)
    bound = BoundContract(Sender(dao.w3, RIVAL), DAO, dao.deployment.address(DAO))
    other = dao.call(EMISSION, "lower", 0)
    with pytest.raises(Exception, match="no proposal"):
        bound.send(1_000_000, "queue", [other.target], [0], [other.data], proposal.description_hash)
    dao.by(STRANGER).queue(proposal)
    dao.wait(TERMS.delay_s)
    with pytest.raises(Exception, match="no proposal"):
        bound.send(1_000_000, "execute", [other.target], [0], [other.data], proposal.description_hash)


def test_a_grab_for_power_behind_a_benign_text_is_shown_and_costs_its_author_the_stake(dao: Assembly) -> None:
    """The text says what it likes; who flags it reads the calls. Three fifths of all votes are not fooled."""
    grab = dao.call(EMISSION, "grantRole", bytes(32), PROPOSER.address)
    hidden = dao.call(EMISSION, "multicall", [dao.call(EMISSION, "lower", 9_999).data, grab.data])
    before = dao.fml.balance_wei(PROPOSER.address)
    proposal = dao.propose(hidden, text="Lower the emission by a hundredth of a percent")
    [words] = [Decoder(dao.rpc, dao.deployment).words(call) for call in proposal.calls]
    assert words.startswith(ALARM)
    assert PROPOSER.address.lower() in words.lower()
    dao.by(LARGE).appear(proposal.number, Appearance.SCAM)
    dao.wait(TERMS.review_s)
    assert dao.view.stage(proposal.number) is Stage.DEFEATED
    dao.by(STRANGER).settle_stake(proposal.number)
    assert dao.fml.balance_wei(PROPOSER.address) == before - TERMS.stake_wei
    assert not dao.bound(EMISSION).read("hasRole", bytes(32), PROPOSER.address)


def test_votes_that_a_borrower_locks_before_it_proposes_stay_locked_longer_than_the_decision_takes(
    dao: Assembly,
) -> None:
    """Who borrows for days instead of a transaction has to owe for all of them: 10 to decide and 7 to come back."""
    borrower = dao.by(STRANGER)
    borrower.votes.lock(900_000 * WEI_PER_FML)
    dao.wait(10)
    proposal = dao.propose(by=STRANGER)
    began = dao.rpc.second()
    borrower.appear(proposal.number, Appearance.PRESENT)
    dao.wait(TERMS.review_s)
    borrower.vote(proposal.number, Support.FOR)
    dao.by(LARGE).vote(proposal.number, Support.AGAINST)
    borrower.votes.request_unlock(900_000 * WEI_PER_FML)
    _, from_at = borrower.votes.leaving
    assert from_at - began >= TERMS.review_s + TERMS.unlock_s
    dao.wait(TERMS.vote_s)
    with pytest.raises(NotUnlocked):
        borrower.votes.withdraw()


def test_a_failing_call_undoes_the_whole_proposal(dao: Assembly) -> None:
    spend = dao.call(TREASURY, "spend", dao.deployment.fml, LARGE.address, 1)
    refused = dao.call(EMISSION, "lower", 10_001)
    proposal = dao.meet(spend, refused)
    dao.by(LARGE).vote(proposal.number, Support.FOR)
    dao.wait(TERMS.vote_s)
    dao.by(STRANGER).queue(proposal)
    dao.wait(TERMS.delay_s)
    with pytest.raises(Exception, match="FactorNotLower"):
        dao.by(STRANGER).execute(proposal)
    assert dao.fml.balance_wei(dao.deployment.address(TREASURY)) == TREASURY_WEI
    assert dao.view.stage(proposal.number) is Stage.QUEUED


def test_a_vote_in_the_review_or_after_the_meeting_counts_for_nothing(dao: Assembly) -> None:
    proposal = dao.propose()
    with pytest.raises(GovernorUnexpectedProposalState):
        dao.by(LARGE).vote(proposal.number, Support.FOR)
    dao.by(LARGE).appear(proposal.number, Appearance.PRESENT)
    dao.wait(TERMS.review_s)
    with pytest.raises(GovernorUnexpectedProposalState):
        dao.by(SMALL).appear(proposal.number, Appearance.SCAM)
    dao.wait(TERMS.vote_s)
    with pytest.raises(GovernorUnexpectedProposalState):
        dao.by(LARGE).vote(proposal.number, Support.FOR)


def test_flags_of_the_last_third_of_a_review_are_refused_so_that_others_can_sign_in_against_them(dao: Assembly) -> None:
    """A quarter of all votes, in the last second and with nobody else there: the author would lose 10,000 FML."""
    before = dao.fml.balance_wei(PROPOSER.address)
    proposal = dao.propose()
    dao.wait(dao.view.flags_until(proposal.number) - dao.rpc.second())
    with pytest.raises(FlagsClosed):
        dao.by(RIVAL).appear(proposal.number, Appearance.SCAM)
    dao.by(LARGE).appear(proposal.number, Appearance.PRESENT)
    second = dao.propose(by=RIVAL, text="In time")
    dao.wait(TERMS.review_s * 2 // 3 - 60)
    dao.by(LARGE).appear(second.number, Appearance.FRIVOLOUS)
    dao.wait(TERMS.review_s // 3)
    dao.by(SMALL).appear(second.number, Appearance.PRESENT)
    dao.by(LARGE).vote(proposal.number, Support.AGAINST)
    dao.wait(TERMS.vote_s)
    dao.by(STRANGER).settle_stake(proposal.number)
    assert dao.fml.balance_wei(PROPOSER.address) == before
    assert dao.view.is_condemned(second.number)


def test_who_copies_a_waiting_proposal_neither_takes_its_reward_nor_takes_it_back(dao: Assembly) -> None:
    """RIVAL sees it before it is in a block, and sends the same first: the description names its author."""
    call = dao.call(EMISSION, "lower", 5_000)
    said = reserved("Lower the emission to a half", PROPOSER.address)
    with pytest.raises(GovernorRestrictedProposer):
        dao.bound(DAO, RIVAL).send(2_000_000, "propose", [call.target], [0], [call.data], said)
    proposal = dao.propose(call)
    assert proposal.proposer == PROPOSER.address
    assert proposal.description == "Lower the emission to a half"


def test_a_description_that_is_no_text_hinders_nothing_that_holders_do(dao: Assembly) -> None:
    """Neither the list of proposals, nor queueing and executing it: the Governor knows it by the hash of its bytes."""
    dao.by(PROPOSER).propose([dao.call(EMISSION, "lower", 9_000)], "An ordinary one")
    call = dao.call(EMISSION, "lower", 5_000)
    text = bytes.fromhex("4c6f776572ff20c328")
    inputs = interface(DAO).functions["propose"].inputs.replace("string", "bytes")
    data = interface(DAO).functions["propose"].selector + encode(
        inputs[1:-1].split(","), ([call.target], [0], [call.data], text)
    )
    sender = Sender(dao.w3, RIVAL)
    BoundContract(sender, "FML", dao.deployment.fml).send(200_000, "approve", dao.deployment.address(DAO), 10**30)
    sender.send(dao.deployment.address(DAO), data, 2_000_000, "propose")
    proposal = dao.view.proposals()[1]
    assert proposal.description == text.decode(errors="replace")
    dao.by(LARGE).appear(proposal.number, Appearance.PRESENT)
    dao.wait(TERMS.review_s)
    dao.by(LARGE).vote(proposal.number, Support.FOR)
    dao.wait(TERMS.vote_s)
    dao.by(STRANGER).queue(proposal)
    dao.wait(TERMS.delay_s)
    dao.by(STRANGER).execute(proposal)
    assert dao.view.stage(proposal.number) is Stage.EXECUTED
