"""Sybils, rounding drains, expulsion and bounties: what splits, repeats or multiplies never adds up to a gain."""

import random
from collections.abc import Sequence

from federation import ACCEPT, CANDIDATE, DEPLOYER, FML, GWEI, ONLOOKER, PREVIOUS, REJECT, Chain, Federation

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import Phase


def start(federation: Federation, stakes_gwei: Sequence[int]) -> Federation:
    """Register nodes with stakes of any number of gwei, and start."""
    for index, stake in enumerate(stakes_gwei):
        key = NodeKey.derive(11, index)
        federation.chain.fml("transfer", key.address, stake * GWEI)
        federation.chain.send(*federation.registration(key, stake * GWEI))
        federation.keys.append(key)
        federation.chain.credited.add(key.address)
    federation.chain.send("start", federation.task)
    return federation


def test_rounding_drains_nothing_from_awkward_amounts(chain: Chain) -> None:
    """Prime amounts, random votes: the books are even to the gwei after every round, and all of it comes out again."""
    dice, others = random.Random(5), chain.balance(chain.deployment.alliance)
    terms = {"min_stake_gwei": 7, "rounds": 8, "slash_bps": 777, "absence_bps": 333, "bounty_bps": 1_111}
    federation = start(
        Federation.create(chain, pool_wei=1_000_003 * GWEI, **terms), [dice.randrange(70, 10_007) for _ in range(9)]
    )
    while federation.phase is not Phase.FINISHED:
        votes = federation.ballots([dice.choice((ACCEPT, REJECT)) for _ in federation.to_votes()])
        federation.commit(votes)
        federation.settle(federation.records(votes), by=ONLOOKER)
        assert chain.is_conserved()
    federation.pay_out()
    assert chain.balance(chain.deployment.alliance) == others


def test_splitting_a_stake_over_sybils_earns_no_gwei_more(chain: Chain) -> None:
    """One winner with 4,003 gwei against four with its parts; everybody else as before."""
    gains = []
    for own in ([4_003], [1_000, 1_001, 1_001, 1_001]):
        stakes = [*own, 997, 2_011]
        federation = Federation.create(
            chain, pool_wei=100_003 * GWEI, proposers=len(stakes), voters=0, min_stake_gwei=500
        )
        start(federation, stakes).open()
        federation.propose()
        federation.settle(b"")
        gains.append(sum(federation.balances[: len(own)]) - sum(own))
    assert gains[1] <= gains[0]


def test_whoever_keeps_losing_is_expelled_from_the_draws(chain: Chain) -> None:
    """A voter for whatever comes, or a proposer of poison, falls below the minimum stake and is drawn no more."""
    federation = Federation.create(chain, proposers=1, voters=5, slash_bps=3_000, rounds=6).start(*[13] * 6)
    proposer, *_ = federation.open()
    federation.propose()
    votes = dict.fromkeys(federation.draw(), REJECT)
    federation.commit(votes)
    federation.settle(federation.records(votes))
    assert federation.seats()[proposer] == 0
    chain.send("finish", federation.task, by=ONLOOKER)
    assert federation.phase is Phase.FINISHED


def test_an_equivocator_loses_all_and_cannot_earn_in_the_same_round(chain: Chain, drawn: Federation) -> None:
    """Even one that reports itself gets back no more than the bounty."""
    member = drawn.drawn_proposers[0]
    first, second = keccak(b"update %d" % member), keccak(b"the update that it showed to others")
    records = [drawn.proposal(member, update) for update in (first, second)]
    halves = [(record[34:66], record[66:]) for record in records]
    before, pool = drawn.balances, drawn.pool
    chain.send("slashEquivocation", drawn.task, (1, member, 0, bytes(32), first, second, *halves), by=ONLOOKER)
    bounty = before[member] // 10
    assert chain.read("creditGwei", ONLOOKER.address) == bounty
    assert drawn.pool == pool + before[member] - bounty
    votes = dict.fromkeys(drawn.drawn_voters, ACCEPT)
    drawn.commit(votes)
    drawn.settle(drawn.records(votes))
    assert drawn.balances[member] == 0


def test_a_stranger_that_settles_first_takes_the_bounty_and_nothing_else(chain: Chain, drawn: Federation) -> None:
    """It copies the relayer's pending settlement: outcome, payouts and the pool are the same whoever sends it."""
    loser, *others = drawn.drawn_voters
    votes = {loser: ACCEPT} | dict.fromkeys(others, REJECT)
    drawn.commit(votes)
    call, mark, ends = ("settle", drawn.task, PREVIOUS, CANDIDATE, drawn.records(votes)), chain.rpc("evm_snapshot"), []
    for sender in (ONLOOKER, DEPLOYER):
        chain.send(*call, by=sender)
        ends.append((drawn.balances, drawn.pool, drawn.state["seed"]))
        chain.rpc("evm_revert", mark)
        chain.senders.clear()
        mark = chain.rpc("evm_snapshot")
    assert ends[0] == ends[1]


def test_who_leaves_takes_no_more_than_its_balance_and_stays_slashable_until_then(
    chain: Chain, started: Federation
) -> None:
    """Asking to leave does not outrun the evidence: whoever proves it in the two rounds that are left decides."""
    runaway = started.keys[0]
    chain.send("leaveTaskWithSignature", started.task, 0, started.leave_signature(runaway))
    started.to_votes()
    said = [keccak(drawn) for drawn in (b"one", b"another")]
    signed = [started.proposal(0, update) for update in said]
    halves = [(record[34:66], record[66:]) for record in signed]
    chain.send("slashEquivocation", started.task, (1, 0, 0, bytes(32), *said, *halves), by=ONLOOKER)
    started.finish_by_abandoning()
    assert started.balances[0] == 0
    assert chain.refusal("withdraw", started.task, 0).name == "NothingThere"
    assert chain.balance(runaway.address) == 0


def test_funds_and_slashes_of_one_task_are_out_of_reach_of_another(chain: Chain, started: Federation) -> None:
    """A creator with an empty task of its own takes nothing out of the common contract."""
    mine = Federation.create(chain, pool_wei=0)
    chain.wait_until(chain.now + 3_600)
    chain.send("cancel", mine.task)
    for call in (("withdrawPool", mine.task), ("withdraw", mine.task, 0), ("withdrawQueued", mine.task, 0)):
        assert chain.refusal(*call).name == "NothingThere"
    assert sum(started.balances) == 8 * 60 * FML // GWEI
