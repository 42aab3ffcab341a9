"""What was decided once is not used later to undo what was decided since: premises, expiry, terms of their time."""

import pytest
from assembly import LARGE, LOCKED, PROPOSER, RIVAL, SMALL, STRANGER, TERMS, Assembly

from fl_alliance.chain.dao import Appearance, Call, Support
from fl_alliance.chain.dao_refusals import (
    BadTerms,
    DelayTooLong,
    GovernorUnexpectedProposalState,
    NotWithin,
    PremiseChanged,
)
from fl_alliance.chain.deploy import DAO, EMISSION, REVENUE, TIMELOCK, TREASURY
from fl_alliance.chain.rules.proposals import LAPSE_S
from fl_alliance.chain.stages import Stage
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.governance.actions import Actions
from fl_alliance.governance.decoding import ALARM, Decoder


def test_without_a_premise_the_second_of_two_proposals_writes_the_first_ones_term_back(dao: Assembly) -> None:
    """What is lost where calls are made by hand: both passed, and half of what holders decided is undone."""
    stake, reward = (dao.call(DAO, "setReviewTerms", terms) for terms in _both(dao))
    first, second = dao.propose(stake, text="A stake"), dao.propose(reward, text="A reward", by=RIVAL)
    dao.decide(first, second)
    dao.lock(first, second)
    dao.by(STRANGER).execute(first)
    assert dao.view.terms().stake_wei == WEI_PER_FML
    dao.by(STRANGER).execute(second)
    assert (dao.view.terms().stake_wei, dao.view.terms().reward_wei) == (TERMS.stake_wei, WEI_PER_FML)


@pytest.mark.parametrize(
    ("one", "other"),
    [("dao.stake=1", "dao.reward=1"), ("market.host_bps=1", "market.contributors_bps=1"), ("market.host_stake=1",) * 2],
)
def test_of_two_proposals_on_terms_that_are_set_together_the_second_is_refused(
    dao: Assembly, one: str, other: str
) -> None:
    actions, decoder = Actions(dao.rpc, dao.deployment), Decoder(dao.rpc, dao.deployment)
    other = other if other != one else "market.release_s=1"
    first, second = dao.propose(*actions.set([one])), dao.propose(*actions.set([other]), text="Again", by=RIVAL)
    assert decoder.words(second.calls[0]).startswith("does the rest only if ")
    dao.decide(first, second)
    dao.lock(first, second)
    assert decoder.changed(second.calls) == []
    dao.by(STRANGER).execute(first)
    [changed] = decoder.changed(second.calls)
    assert changed.partition(".")[0] in {DAO, REVENUE, "Models"}
    with pytest.raises(PremiseChanged):
        dao.by(STRANGER).execute(second)
    dao.wait(LAPSE_S + 1)
    before = dao.fml.balance_wei(RIVAL.address)
    dao.by(STRANGER).settle_stake(second.number)
    assert dao.fml.balance_wei(RIVAL.address) == before + TERMS.stake_wei


def test_terms_that_one_proposal_names_are_set_by_one_call(dao: Assembly) -> None:
    calls = Actions(dao.rpc, dao.deployment).set(["dao.stake=1", "emission.power_halves=1", "dao.reward=3"])
    words = [Decoder(dao.rpc, dao.deployment).words(call) for call in calls]
    assert [said.partition(" ")[0] for said in words] == ["does", "sets", "sets"]
    dao.pass_(*calls, text="Three terms")
    terms, emission = dao.view.terms(), dao.bound(EMISSION)
    assert (terms.stake_wei, terms.reward_wei, terms.floor_wei) == (WEI_PER_FML, 3 * WEI_PER_FML, TERMS.floor_wei)
    assert emission.read("powerHalves", emission.read("today")) == 1
    assert len(Actions(dao.rpc, dao.deployment).set(["market.host_bps=1", "market.contributors_bps=1"])) == 1


def test_a_premise_that_cannot_be_read_or_asks_what_gives_no_answer_is_shown_and_refused(dao: Assembly) -> None:
    decoder = Decoder(dao.rpc, dao.deployment)
    selector = dao.call(DAO, "requireAnswer", dao.deployment.fml, b"", bytes(32)).data[:4]
    unreadable = Call(dao.deployment.address(DAO), selector + b"\x01")
    refused = dao.call(DAO, "requireAnswer", dao.deployment.address(TREASURY), b"\x01\x02\x03\x04", bytes(32))
    assert decoder.words(unreadable).startswith(ALARM)
    assert len(decoder.changed([unreadable, refused])) == 2
    with pytest.raises(PremiseChanged):
        dao.bound(DAO).read("requireAnswer", dao.deployment.address(TREASURY), b"\x01\x02\x03\x04", bytes(32))


def test_a_passed_proposal_that_nobody_queues_or_executes_expires_and_its_stake_comes_back(dao: Assembly) -> None:
    """Kept back for months it could undo what holders have decided since, at a moment of anybody's choice."""
    assert dao.bound(DAO).read("LAPSE_S") == LAPSE_S
    unqueued = dao.meet()
    dao.by(LARGE).vote(unqueued.number, Support.FOR)
    dao.wait(TERMS.vote_s + LAPSE_S - 60)
    assert dao.view.stage(unqueued.number) is Stage.SUCCEEDED
    queued = dao.propose(text="Again", by=RIVAL)
    dao.wait(120)
    assert dao.view.stage(unqueued.number) is Stage.EXPIRED
    with pytest.raises(GovernorUnexpectedProposalState):
        dao.by(STRANGER).queue(unqueued)
    dao.decide(queued)
    dao.lock(queued)
    dao.wait(LAPSE_S - 60)
    assert dao.view.stage(queued.number) is Stage.QUEUED
    dao.wait(120)
    with pytest.raises(GovernorUnexpectedProposalState):
        dao.by(STRANGER).execute(queued)
    before = [dao.fml.balance_wei(key.address) for key in (PROPOSER, RIVAL)]
    for proposal in (unqueued, queued):
        dao.by(STRANGER).settle_stake(proposal.number)
    assert [dao.fml.balance_wei(key.address) for key in (PROPOSER, RIVAL)] == [
        each + TERMS.stake_wei for each in before
    ]
    dao.propose(text="Its author may go on")


def test_a_floor_that_is_lowered_later_raises_no_proposal_from_the_dead(dao: Assembly) -> None:
    """RIVAL alone votes for it, above the quorum and below the floor; what nobody wanted would wait for a lower one."""
    dao.by(LARGE).votes.request_unlock(LOCKED[LARGE.address] * WEI_PER_FML)
    dao.by(RIVAL).votes.request_unlock((LOCKED[RIVAL.address] - 60_000) * WEI_PER_FML)
    dao.wait(10)
    lost = dao.propose()
    for key in (RIVAL, SMALL):
        dao.by(key).appear(lost.number, Appearance.PRESENT)
    dao.wait(TERMS.review_s)
    dao.by(RIVAL).vote(lost.number, Support.FOR)  # 60,000 of 210,000 locked: above a fifth, below the floor
    dao.wait(TERMS.vote_s)
    assert dao.view.stage(lost.number) is Stage.DEFEATED
    dao.by(LARGE).votes.lock(LOCKED[LARGE.address] * WEI_PER_FML // 2)
    dao.wait(10)
    terms = dao.bound(DAO).read("reviewTerms")
    dao.pass_(dao.call(DAO, "setReviewTerms", (*terms[:-1], 1)), text="A lower floor")
    assert dao.view.stage(lost.number) is Stage.DEFEATED
    with pytest.raises(GovernorUnexpectedProposalState):
        dao.by(RIVAL).queue(lost)


def test_a_raised_reward_is_for_later_proposals(dao: Assembly) -> None:
    """An author who waits with its stake until the reward is raised gets what was promised when it proposed."""
    early = dao.pass_(text="Early")
    terms = dao.view.terms()
    raised = (terms.stake_wei, 3_000 * WEI_PER_FML, terms.presence_bps, terms.flag_bps, terms.floor_wei)
    dao.pass_(dao.call(DAO, "setReviewTerms", raised), text="Thrice the reward")
    before = dao.fml.balance_wei(PROPOSER.address)
    dao.by(STRANGER).settle_stake(early.number)
    assert dao.fml.balance_wei(PROPOSER.address) == before + TERMS.stake_wei + TERMS.reward_wei


@pytest.mark.parametrize(
    ("contract", "function", "argument", "refusal"),
    [
        (DAO, "setVotingDelay", 0, NotWithin),
        (DAO, "setVotingDelay", 2**40, NotWithin),
        (DAO, "setVotingPeriod", 60, NotWithin),
        (DAO, "setVotingPeriod", 2**31, NotWithin),
        (DAO, "setProposalThreshold", 1, NotWithin),
        (DAO, "updateQuorumNumerator", 51, NotWithin),
        (DAO, "setReviewTerms", (10**24 + 1, 0, 1, 1, 0), BadTerms),
        (DAO, "setReviewTerms", (0, 0, 1, 1, 10**25 + 1), BadTerms),
        (TIMELOCK, "updateDelay", 31 * 86_400, DelayTooLong),
    ],
)
def test_no_majority_ends_the_dao_by_terms_under_which_nothing_passes_again(
    dao: Assembly, contract: str, function: str, argument: object, refusal: type[Exception]
) -> None:
    """A review of no time, say, in which nobody can appear: every later proposal would fail, for ever."""
    proposal = dao.propose(dao.call(contract, function, argument), text="Be quicker")
    dao.decide(proposal)
    dao.lock(proposal)
    with pytest.raises(refusal):
        dao.by(STRANGER).execute(proposal)


def _both(dao: Assembly) -> tuple[tuple[int, ...], tuple[int, ...]]:
    now = tuple(dao.bound(DAO).read("reviewTerms"))
    return (WEI_PER_FML, *now[1:]), (now[0], WEI_PER_FML, *now[2:])
