"""A whole task of honest roles, from creation to the last stake."""

import pytest
from village import FML, LARGE, SMALL, Village

from fl_alliance.arena.card import LINEAGE, parse_lineage
from fl_alliance.arena.epoch import run_task
from fl_alliance.arena.events import Claimed, DayFinished, Redeemed, Revealed, Scored
from fl_alliance.chain.arena_types import Phase
from fl_alliance.chain.messages import checksum


@pytest.fixture
def played(village: Village) -> Village:
    task = village.create()
    large, small = village.node(task, "large", LARGE, sigma_bps=4_000), village.node(task, "small", SMALL)
    validators = [village.validator(task, name) for name in ("first judge", "second judge", "third judge")]
    delegator = village.delegator(task, "delegator", {large.me: 500 * FML})
    run_task([village.creator(task), large, small, *validators, delegator], village.clock)
    return village


def test_a_task_goes_from_its_first_stake_to_its_last_and_every_wei_is_accounted_for(played: Village) -> None:
    state = played.desks[0].arena.state(1)
    assert state.phase is Phase.COMPLETED
    assert (state.finished_days, state.fell_back) == (3, False)
    assert (state.own_wei, state.fund_wei, state.owed_wei, state.pool_wei) == (0, 0, 0, 0)

    # The model that trained longer ranks first every day, on the hidden dataset too.
    ranks = {(event.account, event.day): event.rank for event in played.of(Scored)}
    large, small = played.accounts["large"].address, played.accounts["small"].address
    assert [ranks[large, day] for day in range(3)] == [1, 1, 1]
    assert [ranks[small, day] for day in range(3)] == [2, 2, 2]

    # What came in went out: the daily rewards and the emission, less what rounding left, which was burned: a unit of
    # 10^-18 of the last day's 557,000 FML for each of five shares, twice.
    rewards = [event for event in played.of(DayFinished) if event.day < 2]
    paid_in = sum(event.reward_wei for event in rewards)
    paid_out = sum(event.paid_wei + event.pushed_wei for event in played.of(Claimed))
    assert 0 <= paid_in - paid_out < 10 * 557_000
    assert sum(event.fee_wei for event in played.of(Claimed)) == 4 * 2 * FML
    assert played.balance("creator") == 10_000 * FML - 400 * FML
    assert played.balance("small") == 10_000 * FML + _paid_to(played, small)

    # The delegator got its FML back, and what its delegate's pool was paid; the pool's virtual shares keep dust.
    pushed = sum(event.pushed_wei for event in played.of(Claimed))
    redeemed = sum(event.amount_wei for event in played.of(Redeemed))
    assert 0 <= 500 * FML + pushed - redeemed < 10**6
    assert played.balance("delegator") == 9_500 * FML + redeemed

    # All FML there is lies where somebody can name it.
    held = [played.balance(name) for name in played.accounts]
    contracts = [played.token.balance_wei(address) for address in (played.deployment.arena, played.deployment.emission)]
    pool = played.token.balance_wei(played.desks[0].arena.stake_of(1, large).pool)
    assert sum(held) + sum(contracts) + pool == played.token.total_supply_wei

    # Every submission has a card that says what was found of it.
    digests = {event.digest.hex() for event in played.of(Revealed)}
    cards = [parse_lineage(path.read_text()) for path in played.folder.glob(f"*/cards/*/{LINEAGE}")]
    assert {card.digest for card in cards} == digests
    assert all(card.parents for card in cards)
    judges = {played.accounts[name].address for name in ("first judge", "second judge", "third judge")}
    for card in cards:
        assert {score.validator for score in card.scores} == judges
        assert {score.loss for score in card.scores} == {card.loss}  # they scored the same bytes on one machine
        receipts = [played.bank.rpc("eth_getTransactionReceipt", score.transaction) for score in card.scores]
        assert [checksum(receipt["from"]) for receipt in receipts] == [score.validator for score in card.scores]
    assert all(bytes.fromhex(digest) in played.store for digest in digests)


def _paid_to(played: Village, account: str) -> int:
    return sum(event.paid_wei for event in played.of(Claimed) if event.earner == account)
