"""What a round pays, takes and decides; everything is compared with the reference model."""

import itertools

import pytest
from federation import (
    ACCEPT,
    CANDIDATE,
    DEPLOYER,
    FML,
    GWEI,
    MOTION,
    ONLOOKER,
    PREVIOUS,
    REJECT,
    Chain,
    Federation,
    Refusal,
)

from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import Phase, Standing


def play(federation: Federation, *scores: tuple[int, int]) -> tuple[list[int], list[int], list[int], str]:
    """Play a round and return balances before and after, the proposers, and the outcome."""
    voters = federation.to_votes()
    proposers, before = federation.drawn_proposers, federation.balances
    votes = federation.ballots(scores)
    federation.commit(votes)
    outcome = federation.settle(federation.records(votes), by=ONLOOKER)["outcome"].name
    assert len(voters) == len(scores)
    return before, federation.balances, proposers, outcome


def test_an_accepted_round_pays_proposers_and_yes_voters_by_balance(chain: Chain) -> None:
    federation = Federation.create(chain).start(20, 30, 40, 50, 60, 70, 80, 90)
    federation.to_votes()
    yes, other, no = federation.drawn_voters
    before, pool, proposers = federation.balances, federation.pool, federation.drawn_proposers
    votes = {yes: ACCEPT, other: ACCEPT, no: REJECT}
    federation.commit(votes)
    event = federation.settle(federation.records(votes), by=ONLOOKER)
    winners = [*proposers, yes, other]
    reward, stakes = pool // 10, sum(before[member] for member in winners)
    expected = [held + reward * held // stakes if member in winners else held for member, held in enumerate(before)]
    slash = before[no] * 1_000 // 10_000
    expected[no] -= slash
    assert federation.balances == expected
    paid, bounty = sum(reward * before[member] // stakes for member in winners), slash * 1_000 // 10_000
    assert federation.pool == event["poolGwei"] == pool - paid + slash - bounty
    assert chain.read("creditGwei", ONLOOKER.address) == bounty
    assert (event["outcome"].name, event["model"], event["round"]) == ("ACCEPTED", CANDIDATE, 1)


def test_a_rejected_round_pays_no_voters_and_slashes_proposers_and_yes_voters(chain: Chain) -> None:
    federation = Federation.create(chain).start(20, 30, 40, 50, 60, 70, 80, 90)
    before, after, proposers, outcome = play(federation, ACCEPT, REJECT, REJECT)
    yes, *noes = federation.drawn_voters
    assert outcome == "REJECTED"
    reward, stakes = federation.pool_wei // GWEI // 10, sum(before[voter] for voter in noes)
    for member, held in enumerate(before):
        gain = reward * held // stakes if member in noes else 0
        loss = held // 10 if member in [*proposers, yes] else 0
        assert after[member] == held + gain - loss


def test_a_tie_accepts(chain: Chain) -> None:
    federation = Federation.create(chain, voters=2).start(*[20] * 5)
    assert play(federation, ACCEPT, REJECT)[3] == "ACCEPTED"


def test_a_silent_proposer_and_a_silent_voter_neither_earn_nor_lose(chain: Chain, started: Federation) -> None:
    """Silence is infrastructure: a hospital's line may be down."""
    silent_proposer, *acting = started.open()
    started.propose(acting)
    chain.wait_until(started.state["phase_at"])
    silent_voter, *voting = started.draw()
    votes = dict.fromkeys(voting, REJECT)
    before = started.balances
    started.commit(votes, complete=False)
    chain.wait_until(started.state["phase_at"])
    assert started.settle(started.records(votes))["outcome"].name == "REJECTED"
    for member in (silent_proposer, silent_voter):
        assert started.balances[member] == before[member]
    assert all(started.balances[member] < before[member] for member in acting)


def test_fewer_than_half_of_the_voters_decide_nothing(chain: Chain, started: Federation) -> None:
    """Three are drawn: two votes are a quorum, one is not; nobody is paid and the model stays."""
    started.to_votes()
    only, *_ = started.drawn_voters
    votes = {only: ACCEPT}
    started.commit(votes, complete=False)
    before, pool = started.balances, started.pool
    chain.wait_until(started.state["phase_at"])
    assert started.settle(started.records(votes))["outcome"].name == "VOID"
    assert (started.balances, started.pool) == (before, pool)
    assert (started.phase, started.round) == (Phase.IDLE, 2)


def test_two_of_three_votes_are_a_quorum(chain: Chain, started: Federation) -> None:
    started.to_votes()
    votes = dict.fromkeys(started.drawn_voters[:2], ACCEPT)
    started.commit(votes, complete=False)
    chain.wait_until(started.state["phase_at"])
    assert started.settle(started.records(votes))["outcome"].name == "ACCEPTED"


def test_each_round_may_pay_an_equal_part_of_what_is_left(chain: Chain) -> None:
    """The pool is used up by the last round, but for what rounding leaves; none of it can be drained."""
    federation = Federation.create(chain, rounds=3, pool_wei=100 * FML + 7 * GWEI).start(*[20] * 6)
    pools = [federation.pool]
    for _ in range(3):
        federation.play()
        pools.append(federation.pool)
    for left, (before, after) in zip((3, 2, 1), itertools.pairwise(pools), strict=True):
        assert 0 <= after - (before - before // left) < 6
    assert federation.phase is Phase.FINISHED
    assert federation.pool < 6


def test_the_smallest_pool_is_not_overdrawn_by_rounding(chain: Chain) -> None:
    federation = Federation.create(chain, rounds=2, pool_wei=3 * GWEI).start(*[20] * 6)
    federation.play()
    assert federation.pool == 3
    federation.play()
    assert federation.pool == 3
    assert federation.phase is Phase.FINISHED


def test_an_empty_pool_pays_nothing_and_still_slashes(chain: Chain) -> None:
    federation = Federation.create(chain, pool_wei=0).start(*[20] * 6)
    before, after, _, outcome = play(federation, ACCEPT, ACCEPT, REJECT)
    loser = federation.drawn_voters[2]
    assert outcome == "ACCEPTED"
    assert after == [held - held // 10 * (member == loser) for member, held in enumerate(before)]


def test_who_loses_everything_below_the_minimum_is_expelled(chain: Chain) -> None:
    federation = Federation.create(chain, slash_bps=10_000).start(*[20] * 8)
    play(federation, ACCEPT, ACCEPT, REJECT)
    loser = federation.drawn_voters[2]
    assert federation.balances[loser] == 0
    for _ in range(3):
        federation.open()
        assert federation.members[loser][3] == 0
        federation.propose()
        federation.draw()
        votes = federation.ballots([ACCEPT] * 3)
        assert loser not in votes
        federation.commit(votes)
        federation.settle(federation.records(votes))


def test_winners_without_a_balance_are_paid_nothing(chain: Chain) -> None:
    """Nobody divides by the zero stake of a round whose every winner has lost everything in the meantime."""
    federation = Federation.create(chain, proposers=1, voters=1).start(20, 20)
    [voter] = federation.to_votes()
    [proposer] = federation.drawn_proposers
    for member in (voter, proposer):
        federation.chain.send("slashEquivocation", federation.task, _equivocation(federation, member), by=ONLOOKER)
    federation.commit({voter: ACCEPT})
    pool = federation.pool
    assert federation.settle(federation.record(voter))["outcome"].name == "ACCEPTED"
    assert (federation.balances, federation.pool) == ([0, 0], pool)


def test_a_balance_grows_to_the_greatest_that_fits_and_the_rest_stays_in_the_pool(chain: Chain) -> None:
    most = chain.read("MAX_BALANCE_GWEI")
    federation = Federation.create(chain, rounds=1, proposers=1, voters=1, pool_wei=20_000_000 * FML)
    federation.start(most * GWEI // FML, 20)
    before = federation.balances
    federation.play()
    assert federation.balances == [most, before[1] + 20_000_000 * FML // GWEI * before[1] // sum(before)]
    assert federation.phase is Phase.FINISHED


def test_everything_settles_once(chain: Chain, started: Federation) -> None:
    """Reward replay: neither the same transaction nor the same votes pay a second time."""
    votes = started.ballots([ACCEPT] * 3) if started.to_votes() else {}
    started.commit(votes)
    call = ("settle", started.task, PREVIOUS, CANDIDATE, started.records(votes))
    chain.send(*call)
    assert chain.refusal(*call) == Refusal("WrongPhase", (started.task, Phase.IDLE))
    started.open()
    assert chain.refusal(*call) == Refusal("WrongPhase", (started.task, Phase.PROPOSING))
    started.propose()
    started.draw()
    assert chain.refusal(*call) == Refusal("WrongPhase", (started.task, Phase.COMMITTING))
    started.commit(started.ballots([REJECT] * 3))
    assert chain.refusal(*call).name in ("BadSignature", "WrongStanding", "WrongBallot")


def test_votes_revealed_before_settle_like_votes_revealed_with_it(chain: Chain, started: Federation) -> None:
    started.to_votes()
    votes = started.ballots([ACCEPT, REJECT, ACCEPT])
    started.commit(votes)
    mark = chain.rpc("evm_snapshot")
    together = (started.settle(started.records(votes)), started.balances, started.pool)
    chain.rpc("evm_revert", mark)
    chain.senders.clear()
    chain.send("revealVotes", started.task, MOTION, started.records(votes))
    by_hash = b"\xff\xff" + keccak(started.pairs(votes))
    assert (started.settle(by_hash), started.balances, started.pool) == together


def test_settlement_and_the_next_opening_fit_one_transaction(chain: Chain, started: Federation) -> None:
    started.to_votes()
    votes = started.ballots([ACCEPT] * 3)
    started.commit(votes)
    settling = ("settle", started.task, PREVIOUS, CANDIDATE, started.records(votes))
    mark = chain.rpc("evm_snapshot")
    chain.send(*settling)
    opening = started.open_call()
    chain.rpc("evm_revert", mark)
    chain.senders.clear()
    chain.send_all(settling, opening)
    assert (started.round, started.phase) == (2, Phase.PROPOSING)


def test_the_relayer_alone_settles_where_nobody_judges(chain: Chain) -> None:
    federation = Federation.create(chain, voters=0).start(20, 30, 40)
    proposers = federation.open()
    federation.propose(proposers[:2])
    call = ("settle", federation.task, PREVIOUS, CANDIDATE, b"")
    assert chain.refusal(*call) == Refusal("WrongPhase", (federation.task, Phase.PROPOSING))
    federation.propose(proposers[2:])
    refused = chain.refusal(*call, by=ONLOOKER)
    assert refused == Refusal("NotAllowed", (ONLOOKER.address.lower(), DEPLOYER.address.lower()))
    before = federation.balances
    event = federation.settle(b"")
    assert (event["outcome"].name, event["model"]) == ("ACCEPTED", CANDIDATE)
    assert all(now > then for now, then in zip(federation.balances, before, strict=True))


def test_where_nobody_judges_a_round_without_proposals_is_not_settled(chain: Chain) -> None:
    federation = Federation.create(chain, voters=0).start(20, 30, 40)
    federation.open()
    chain.wait_until(federation.state["phase_at"])
    refused = chain.refusal("settle", federation.task, PREVIOUS, CANDIDATE, b"")
    assert refused == Refusal("WrongPhase", (federation.task, Phase.LOCKED))


def test_the_last_round_finishes_the_task(chain: Chain) -> None:
    federation = Federation.create(chain, rounds=1).start(*[20] * 6)
    federation.play()
    assert (federation.phase, federation.round) == (Phase.FINISHED, 1)


@pytest.mark.parametrize("phase", [Phase.IDLE, Phase.PROPOSING, Phase.LOCKED, Phase.COMMITTING])
def test_nothing_settles_before_the_list_is_fixed(chain: Chain, started: Federation, phase: Phase) -> None:
    if phase is not Phase.IDLE:
        started.open()
    if phase in (Phase.LOCKED, Phase.COMMITTING):
        started.propose()
    if phase is Phase.COMMITTING:
        started.draw()
    assert chain.refusal("settle", started.task, PREVIOUS, CANDIDATE, b"") == Refusal(
        "WrongPhase", (started.task, phase)
    )


def test_balances_of_members_who_were_not_drawn_do_not_move(chain: Chain, started: Federation) -> None:
    before, after, proposers, _ = play(started, ACCEPT, REJECT, REJECT)
    idle = set(range(8)) - set(proposers) - set(started.drawn_voters)
    assert len(idle) == 2
    assert [after[member] for member in idle] == [before[member] for member in idle]


def test_standings_of_the_round_before_mean_nothing_to_the_next(chain: Chain, started: Federation) -> None:
    started.play(ACCEPT, REJECT, REJECT)
    started.open()
    assert set(started.standings) == {Standing.NONE, Standing.SILENT_PROPOSER}


def _equivocation(federation: Federation, member: int) -> tuple[object, ...]:
    first, second = (federation.proposal(member, bytes([update]) * 32)[34:] for update in (1, 2))
    split = [(signature[:32], signature[32:]) for signature in (first, second)]
    return (federation.round, member, 0, bytes(32), b"\1" * 32, b"\2" * 32, *split)
