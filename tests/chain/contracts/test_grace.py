"""Who is late costs a round the grace of its task, not a whole window, and has that long to act without the relayer."""

import pytest
from federation import ACCEPT, CANDIDATE, ONLOOKER, PREVIOUS, REJECT, Chain, Federation, Refusal

from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.types import Phase, Standing

GRACE_S = 20


@pytest.fixture
def hasty(chain: Chain) -> Federation:
    """A started task in which two of three proposals are a quorum."""
    return Federation.create(chain, quorum=2, grace_s=GRACE_S).start(*[20] * 8)


def test_below_the_quorum_the_window_holds(hasty: Federation) -> None:
    first, *_ = hasty.open()
    end = hasty.state["phase_at"]
    hasty.propose([first])
    assert hasty.state["phase_at"] == end


def test_from_the_quorum_on_the_rest_have_the_grace(chain: Chain, hasty: Federation) -> None:
    *there, late = hasty.open()
    hasty.propose(there)
    end = chain.now + GRACE_S
    assert hasty.state["phase_at"] == end
    chain.wait_until(end - 1)
    assert hasty.phase is Phase.PROPOSING
    assert chain.refusal(*hasty.draw_call()) == Refusal("WrongPhase", (hasty.task, Phase.PROPOSING))
    chain.wait_until(end)
    refused = chain.refusal("propose", hasty.task, hasty.proposal(late))
    assert refused == Refusal("TooLate", (hasty.task, end, end))
    assert hasty.phase is Phase.LOCKED
    assert len(hasty.draw()) == 3


def test_the_grace_begins_with_the_quorum_and_not_with_what_comes_later(chain: Chain) -> None:
    hasty = Federation.create(chain, quorum=1, grace_s=GRACE_S).start(*[20] * 8)
    first, second, _ = hasty.open()
    hasty.propose([first])
    end = chain.now + GRACE_S
    chain.wait_until(end - 5)
    hasty.propose([first])
    hasty.propose([second])
    assert hasty.state["phase_at"] == end


def test_a_grace_does_not_make_a_window_longer(chain: Chain, hasty: Federation) -> None:
    *there, _ = hasty.open()
    end = hasty.state["phase_at"]
    chain.wait_until(end - GRACE_S + 1)
    hasty.propose(there)
    assert hasty.state["phase_at"] == end


def test_without_a_grace_every_window_is_waited_out(chain: Chain) -> None:
    patient = Federation.create(chain, quorum=1, grace_s=0).start(*[20] * 8)
    first, *_ = patient.open()
    end = patient.state["phase_at"]
    patient.propose([first])
    assert patient.state["phase_at"] == end
    chain.wait_until(end)
    listed = dict.fromkeys(patient.draw()[1:], ACCEPT)
    end = patient.state["phase_at"]
    patient.commit(listed)
    assert patient.state["phase_at"] == end + patient.params.commit_s


def test_a_proposer_that_the_coordinator_leaves_out_proposes_by_itself_and_is_paid(
    chain: Chain, hasty: Federation
) -> None:
    """A coordinator that hurries a round with its friends' updates wins nothing: the update needs no relayer."""
    *friends, left_out = hasty.open()
    hasty.propose(friends)
    chain.wait_until(chain.now + GRACE_S - 5)
    hasty.propose([left_out], by=ONLOOKER)
    assert hasty.phase is Phase.LOCKED
    before = hasty.balances
    votes = dict.fromkeys(hasty.draw(), ACCEPT)
    hasty.commit(votes)
    hasty.settle(hasty.records(votes))
    assert hasty.balances[left_out] > before[left_out]


def test_a_voter_that_a_list_leaves_out_has_the_grace_to_commit(chain: Chain, hasty: Federation) -> None:
    left_out, *listed = hasty.to_votes()
    votes = dict.fromkeys(listed, ACCEPT)
    hasty.commit(votes)
    end = chain.now + GRACE_S
    assert (hasty.phase, hasty.state["phase_at"]) == (Phase.REVEALING, end)
    assert chain.refusal("settle", hasty.task, PREVIOUS, CANDIDATE, hasty.records(votes)).name == "TooEarly"
    chain.wait_until(end - 5)
    chain.send(*hasty.commit_own_call(left_out, REJECT, votes), by=ONLOOKER)
    assert hasty.standings[left_out] is Standing.COMMITTED
    chain.wait_until(end)
    before = hasty.balances
    assert hasty.settle(hasty.records(votes) + hasty.own(left_out, REJECT))["outcome"] is Outcome.ACCEPTED
    assert hasty.balances[left_out] < before[left_out]


def test_after_the_grace_a_round_goes_on_without_the_voter(chain: Chain, hasty: Federation) -> None:
    left_out, *listed = hasty.to_votes()
    votes = dict.fromkeys(listed, ACCEPT)
    hasty.commit(votes)
    end = hasty.state["phase_at"]
    chain.wait_until(end)
    refused = chain.refusal(*hasty.commit_own_call(left_out, ACCEPT, votes))
    assert refused == Refusal("TooLate", (hasty.task, end, end))
    before = hasty.balances
    assert hasty.settle(hasty.records(votes))["outcome"] is Outcome.ACCEPTED
    assert hasty.balances[left_out] == before[left_out]


def test_a_list_that_is_said_to_be_complete_gives_whom_it_leaves_out_the_whole_window(
    chain: Chain, hasty: Federation
) -> None:
    _, *listed = hasty.to_votes()
    end = hasty.state["phase_at"] + hasty.params.commit_s
    hasty.commit(dict.fromkeys(listed, ACCEPT), complete=True)
    assert hasty.state["phase_at"] == end


def test_evidence_counts_from_the_shortened_time(chain: Chain, hasty: Federation) -> None:
    _, silent, open_ = hasty.to_votes()
    votes = {silent: ACCEPT, open_: ACCEPT}
    hasty.commit(votes)
    due = hasty.state["phase_at"] + hasty.params.reveal_s
    chain.wait_until(due - 1)
    assert chain.refusal(*hasty.evidence(votes, silent)).name == "TooEarly"
    chain.wait_until(due)
    chain.send(*hasty.evidence(votes, silent))
    assert hasty.standings[silent] is Standing.WITHHELD


def test_a_hurried_task_that_stops_is_abandoned_and_every_stake_comes_out(chain: Chain, hasty: Federation) -> None:
    _, *listed = hasty.to_votes()
    hasty.commit(dict.fromkeys(listed, ACCEPT))
    hasty.finish_by_abandoning()
    hasty.pay_out()
    assert hasty.state["pool"] == 0
    assert not any(hasty.balances)
    assert chain.is_conserved()
