"""Whoever stays away delays a round by a deadline at most; absence has its price or none, and no stake is stuck."""

from collections.abc import Callable
from typing import Any

import pytest
from flwr.app import Context, Message
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg

from fl_alliance.chain.types import WEI_PER_GWEI, Phase
from fl_alliance.federation import pay_out
from fl_alliance.strategies.events import ProposalsLocked, RoundOpened, RoundSettled, VotersDrawn, VotesCommitted

STAKE = 100 * 10**9
POOL = 1000 * 10**9


def silent(*kinds: str, partitions: set[int] | None = None) -> Callable[[Message, Context, ClientApp], Message]:
    """Return nodes that fail on these kinds of message, all of them or those of some partitions."""

    def behave(message: Message, context: Context, app: ClientApp) -> Message:
        is_theirs = partitions is None or int(context.node_config["partition-id"]) in partitions
        if message.metadata.message_type in kinds and is_theirs:
            raise ConnectionError("this site is down")
        return app(message, context)

    return behave


def everyone_is_paid_out(task: Any) -> None:
    """Withdraw everything; the contract must be empty to the wei and all FML accounted for."""
    ledger = task.federation.ledger
    assert task.model.stored_phase is Phase.FINISHED
    held = ledger.balance_wei(ledger.address)
    assert held == ledger.models().held_gwei * WEI_PER_GWEI == (6 * STAKE + POOL) * WEI_PER_GWEI
    pay_out(task.federation)
    assert ledger.balance_wei(ledger.address) == 0


def test_the_next_in_line_leads_when_a_leader_is_silent_who_pays_for_it(alliance: Callable[..., Any]) -> None:
    task = alliance(
        "alliance.proposers=3", "alliance.voters=3", "rounds=6", behave=silent("query.prove", partitions={0, 1})
    )
    task.run(FedAvg())
    led = task.told(RoundOpened) + task.told(VotersDrawn)
    absent = [member for event in led for member in event.absent_leaders]
    assert absent
    assert set(absent) <= {0, 1}
    assert {event.leader for event in led} <= {2, 3, 4, 5}
    settled = task.told(RoundSettled)
    assert len(settled) == 6
    reasons = " ".join(reason for event in settled for reason in event.reasons.values())
    assert "let its turn to lead pass" in reasons
    everyone_is_paid_out(task)


def test_with_nobody_leading_every_round_is_void_and_the_task_still_ends(alliance: Callable[..., Any]) -> None:
    task = alliance(behave=silent("query.prove"))
    result = task.run(FedAvg())
    assert [event.outcome for event in task.told(RoundSettled)] == ["void"] * 3
    assert result.arrays == task.initial
    assert all(balance < STAKE for balance in task.model.balances)
    everyone_is_paid_out(task)


def test_a_silent_proposer_is_neither_paid_nor_slashed(alliance: Callable[..., Any]) -> None:
    task = alliance("alliance.proposers=4", "alliance.voters=2", behave=silent("train", partitions={3}))
    task.run(FedAvg())
    missing = [event for event in task.told(ProposalsLocked) if 3 in event.dropped]
    assert missing
    assert all("this site is down" in event.dropped[3] and 3 not in event.proposed for event in missing)
    for event in missing:
        settled = next(one for one in task.told(RoundSettled) if one.round == event.round)
        assert settled.outcome == "accepted"
        assert settled.deltas[3] == 0
    everyone_is_paid_out(task)


def test_without_any_proposal_a_round_is_void_and_costs_nobody_anything(alliance: Callable[..., Any]) -> None:
    task = alliance(behave=silent("train"))
    task.run(FedAvg())
    settled = task.told(RoundSettled)
    assert [event.outcome for event in settled] == ["void"] * 3
    assert all(event.balances == (STAKE,) * 6 and event.pool == POOL for event in settled)
    everyone_is_paid_out(task)


def test_a_voter_that_never_commits_is_neither_paid_nor_slashed(alliance: Callable[..., Any]) -> None:
    task = alliance(behave=silent("evaluate", partitions={4}))
    task.run(FedAvg())
    missing = [event for event in task.told(VotesCommitted) if 4 in event.dropped]
    assert missing
    for event in missing:
        settled = next(one for one in task.told(RoundSettled) if one.round == event.round)
        assert settled.outcome == "accepted"
        assert settled.deltas[4] == 0
    everyone_is_paid_out(task)


def test_a_voter_that_commits_and_never_reveals_is_slashed(alliance: Callable[..., Any]) -> None:
    task = alliance(behave=silent("query.reveal", partitions={4}))
    task.run(FedAvg())
    drawn = [event.round for event in task.told(VotersDrawn) if 4 in event.voters]
    assert drawn
    for event in task.told(RoundSettled):
        if event.round in drawn:
            assert event.outcome == "accepted"
            assert event.deltas[4] < 0
            assert "withheld" in event.reasons[4]
            assert 4 not in event.scores
    everyone_is_paid_out(task)


def test_when_most_voters_withhold_the_round_is_void_and_they_alone_lose(alliance: Callable[..., Any]) -> None:
    task = alliance(behave=silent("query.reveal"))
    task.run(FedAvg())
    for event in task.told(RoundSettled):
        voters = next(one.voters for one in task.told(VotersDrawn) if one.round == event.round)
        assert event.outcome == "void"
        assert {member for member, delta in event.deltas.items() if delta < 0} == set(voters)
        assert not [member for member, delta in event.deltas.items() if delta > 0]
    everyone_is_paid_out(task)


def test_a_task_with_too_few_members_left_ends_before_its_last_round(
    alliance: Callable[..., Any], saboteur: Callable[[set[int]], Any]
) -> None:
    task = alliance("alliance.proposers=3", "alliance.voters=3", "alliance.min_stake=95", "rounds=5")
    task.run(saboteur({1, 2, 3, 4, 5}))
    settled = task.told(RoundSettled)
    assert [event.outcome for event in settled] == ["rejected"]
    assert sum(balance < 95 * 10**9 for balance in task.model.balances) == 3
    everyone_is_paid_out(task)


@pytest.mark.parametrize("kind", ["train", "evaluate", "query.prove", "query.reveal"])
def test_a_site_that_is_always_down_never_stalls_the_task(alliance: Callable[..., Any], kind: str) -> None:
    task = alliance("alliance.proposers=3", "alliance.voters=2", "rounds=4", behave=silent(kind, partitions={1}))
    task.run(FedAvg())
    assert len(task.told(RoundSettled)) == 4
    everyone_is_paid_out(task)


def test_an_absent_leader_that_loses_its_last_seat_may_end_the_task_at_once(
    alliance: Callable[..., Any],
) -> None:
    sized = ("alliance.proposers=3", "alliance.voters=3", "alliance.stake=100", "alliance.min_stake=100")
    task = alliance(*sized, behave=silent("query.prove", partitions={0, 1, 2, 3, 4}))
    result = task.run(FedAvg())
    assert task.told(RoundSettled) == []
    assert result.arrays == task.initial
    assert min(task.model.balances) < STAKE
    everyone_is_paid_out(task)
