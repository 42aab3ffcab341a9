"""A proposal's life: staked, reviewed, voted on, delayed, executed, settled; and where each of these can end it."""

import pytest
from assembly import (
    LARGE,
    LOCKED,
    PROPOSER,
    RIVAL,
    SMALL,
    STRANGER,
    TERMS,
    TREASURY_WEI,
    Assembly,
)

from fl_alliance.chain.alliance_refusals import NotAllowed
from fl_alliance.chain.dao import Appearance, Support
from fl_alliance.chain.dao_refusals import (
    AlreadyAppeared,
    GovernorOnlyExecutor,
    GovernorUnableToCancel,
    GovernorUnexpectedProposalState,
    NotSettleable,
    NoVotes,
    TimelockUnexpectedOperationState,
)
from fl_alliance.chain.deploy import DAO, EMISSION, TREASURY
from fl_alliance.chain.refusals import AccessControlUnauthorizedAccount, ERC20InsufficientBalance
from fl_alliance.chain.stages import Stage
from fl_alliance.chain.types import WEI_PER_FML


def test_a_passed_proposal_changes_the_system_and_pays_its_author(dao: Assembly) -> None:
    before = dao.fml.balance_wei(PROPOSER.address)
    proposal = dao.propose()
    assert dao.fml.balance_wei(PROPOSER.address) == before - TERMS.stake_wei
    assert dao.view.stage(proposal.number) is Stage.PENDING
    dao.by(SMALL).appear(proposal.number, Appearance.PRESENT)
    dao.wait(TERMS.review_s)
    assert dao.view.stage(proposal.number) is Stage.ACTIVE
    dao.by(LARGE).vote(proposal.number, Support.FOR)
    dao.by(RIVAL).vote(proposal.number, Support.AGAINST)
    assert dao.view.tally(proposal.number).for_wei == LOCKED[LARGE.address] * WEI_PER_FML
    dao.wait(TERMS.vote_s)
    assert dao.view.stage(proposal.number) is Stage.SUCCEEDED
    dao.by(STRANGER).queue(proposal)
    with pytest.raises(TimelockUnexpectedOperationState):
        dao.by(STRANGER).execute(proposal)
    dao.wait(TERMS.delay_s)
    dao.by(STRANGER).execute(proposal)
    emission = dao.bound(EMISSION)
    assert emission.read("factorBps", emission.read("today")) == 5_000
    dao.by(STRANGER).settle_stake(proposal.number)
    assert dao.fml.balance_wei(PROPOSER.address) == before + TERMS.reward_wei
    assert dao.fml.balance_wei(dao.deployment.address(TREASURY)) == TREASURY_WEI - TERMS.reward_wei
    with pytest.raises(NotSettleable):
        dao.by(PROPOSER).settle_stake(proposal.number)


def test_a_reward_is_what_the_treasury_has_where_that_is_less(dao: Assembly) -> None:
    first = dao.pass_()
    second = dao.pass_(dao.call(EMISSION, "lower", 4_000), text="Lower it once more")
    before = dao.fml.balance_wei(PROPOSER.address)
    for proposal in (first, second):
        dao.by(STRANGER).settle_stake(proposal.number)
    assert dao.fml.balance_wei(PROPOSER.address) == before + 2 * TERMS.stake_wei + TREASURY_WEI
    assert dao.fml.balance_wei(dao.deployment.address(TREASURY)) == 0


def test_without_enough_present_there_is_no_general_meeting_and_the_stake_comes_back(dao: Assembly) -> None:
    before = dao.fml.balance_wei(PROPOSER.address)
    proposal = dao.propose()
    dao.by(PROPOSER).appear(proposal.number, Appearance.PRESENT)
    dao.wait(TERMS.review_s)
    assert dao.view.stage(proposal.number) is Stage.DEFEATED
    with pytest.raises(GovernorUnexpectedProposalState):
        dao.by(LARGE).vote(proposal.number, Support.FOR)
    dao.by(STRANGER).settle_stake(proposal.number)
    assert dao.fml.balance_wei(PROPOSER.address) == before


def test_a_vote_below_its_quorum_or_without_a_majority_fails(dao: Assembly) -> None:
    proposal = dao.meet()
    dao.by(SMALL).vote(proposal.number, Support.FOR)
    dao.by(PROPOSER).vote(proposal.number, Support.FOR)
    dao.wait(TERMS.vote_s)
    assert dao.view.stage(proposal.number) is Stage.DEFEATED
    lost = dao.meet(text="Again")
    dao.by(RIVAL).vote(lost.number, Support.FOR)
    dao.by(LARGE).vote(lost.number, Support.AGAINST)
    dao.wait(TERMS.vote_s)
    assert dao.view.stage(lost.number) is Stage.DEFEATED
    with pytest.raises(GovernorUnexpectedProposalState):
        dao.by(STRANGER).queue(lost)


def test_a_condemned_proposals_stake_goes_to_the_treasury(dao: Assembly) -> None:
    before = dao.fml.balance_wei(PROPOSER.address)
    proposal = dao.propose()
    dao.by(RIVAL).appear(proposal.number, Appearance.SCAM)
    dao.by(SMALL).appear(proposal.number, Appearance.FRIVOLOUS)
    assert dao.view.is_condemned(proposal.number)
    with pytest.raises(GovernorUnableToCancel):
        dao.by(PROPOSER).cancel(proposal)
    dao.wait(TERMS.review_s)
    assert dao.view.stage(proposal.number) is Stage.DEFEATED
    dao.by(STRANGER).settle_stake(proposal.number)
    assert dao.fml.balance_wei(PROPOSER.address) == before - TERMS.stake_wei
    assert dao.fml.balance_wei(dao.deployment.address(TREASURY)) == TREASURY_WEI + TERMS.stake_wei


def test_its_author_may_take_an_unflagged_proposal_back_in_its_review_alone(dao: Assembly) -> None:
    before = dao.fml.balance_wei(PROPOSER.address)
    proposal = dao.propose()
    with pytest.raises(GovernorUnableToCancel):
        dao.by(RIVAL).cancel(proposal)
    dao.by(PROPOSER).cancel(proposal)
    dao.by(STRANGER).settle_stake(proposal.number)
    assert dao.fml.balance_wei(PROPOSER.address) == before
    met = dao.meet(text="Again")
    with pytest.raises(GovernorUnableToCancel):
        dao.by(PROPOSER).cancel(met)


def test_a_holder_appears_once_and_with_votes_alone(dao: Assembly) -> None:
    proposal = dao.propose()
    dao.by(SMALL).appear(proposal.number, Appearance.PRESENT)
    with pytest.raises(AlreadyAppeared):
        dao.by(SMALL).appear(proposal.number, Appearance.SCAM)
    with pytest.raises(NoVotes):
        dao.by(STRANGER).appear(proposal.number, Appearance.PRESENT)
    with pytest.raises(NotSettleable):
        dao.by(STRANGER).settle_stake(proposal.number)


def test_who_has_no_stake_proposes_nothing(dao: Assembly) -> None:
    dao.by(PROPOSER).votes.lock(dao.fml.balance_wei(PROPOSER.address))
    with pytest.raises(ERC20InsufficientBalance):
        dao.propose()
    assert dao.view.proposals() == ()


def test_nobody_but_a_proposal_spends_or_sets_anything(dao: Assembly) -> None:
    treasury = dao.bound(TREASURY, LARGE)
    with pytest.raises(NotAllowed):
        treasury.send(200_000, "spend", dao.deployment.fml, LARGE.address, 1)
    with pytest.raises(NotAllowed):
        treasury.send(200_000, "reward", LARGE.address, 1)
    with pytest.raises(AccessControlUnauthorizedAccount):
        dao.bound(EMISSION, LARGE).send(200_000, "lower", 1)
    with pytest.raises(GovernorOnlyExecutor):
        dao.bound(DAO, LARGE).send(200_000, "setReviewTerms", (0, 0, 0, 1, 0))
    dao.pass_(
        dao.call(TREASURY, "spend", dao.deployment.fml, SMALL.address, 7),
        dao.call(DAO, "setReviewTerms", (1, 2, 3, 4, 5)),
        text="Pay SMALL, and other terms",
    )
    assert dao.fml.balance_wei(SMALL.address) == (1_000_000 - LOCKED[SMALL.address]) * WEI_PER_FML + 7
    assert dao.bound(DAO).read("reviewTerms") == (1, 2, 3, 4, 5)
