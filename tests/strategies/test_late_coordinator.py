"""What reaches the chain after its window has closed costs a round at most; the task goes on."""

from collections.abc import Callable
from typing import Any

import pytest
from flwr.app import Context, Message
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg

from fl_alliance.chain.types import WEI_PER_GWEI, Phase
from fl_alliance.federation import pay_out
from fl_alliance.strategies import round_on_chain
from fl_alliance.strategies.events import RoundOpened, RoundSettled
from fl_alliance.strategies.round_on_chain import Votes

STAKE = 100 * 10**9


class Delay:
    """Lets a window close while nodes answer one kind of message in round 1."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self.task: Any = None
        self.passed = 0

    def __call__(self, message: Message, context: Context, app: ClientApp) -> Message:
        reply = app(message, context)
        if message.metadata.message_type == self._kind and self.task.model.committee.number == 1 and not self.passed:
            self.passed += 1
            ledger = self.task.federation.ledger
            ledger.advance_to(self.task.model.deadline(ledger.now()) + 1)
        return reply


def goes_on(task: Any, first: str) -> None:
    """Expect this of the first round, and that the others are adopted and everybody is paid out."""
    settled = task.told(RoundSettled)
    assert [event.outcome for event in settled] == [first, "accepted", "accepted"]
    assert all(delta >= 0 for delta in settled[0].deltas.values())
    ledger = task.federation.ledger
    assert task.model.stored_phase is Phase.FINISHED
    pay_out(task.federation)
    assert ledger.balance_wei(ledger.address) == 0
    assert ledger.models().held_gwei * WEI_PER_GWEI == 0


@pytest.mark.parametrize("rule", ["majority", "candidates"])
@pytest.mark.parametrize("kind", ["train", "evaluate"])
def test_a_round_whose_answers_come_too_late_for_the_chain_is_void(
    alliance: Callable[..., Any], kind: str, rule: str
) -> None:
    late = Delay(kind)
    late.task = alliance("rounds=3", f"rule={rule}", "alliance.proposers=3", "alliance.voters=3", behave=late)
    late.task.run(FedAvg())
    assert late.passed == 1
    goes_on(late.task, "void")


@pytest.mark.parametrize(("turns", "outcome"), [(1, "accepted"), (3, "accepted"), (99, "void")])
def test_a_proof_that_comes_after_its_leaders_turn_is_another_leaders_to_give(
    alliance: Callable[..., Any], turns: int, outcome: str
) -> None:
    """As on a chain whose clock runs fast: the leader has answered, and is late when that is in a block."""
    passed = []

    def late(message: Message, context: Context, app: ClientApp) -> Message:
        reply = app(message, context)
        if message.metadata.message_type == "query.prove" and not passed:
            passed.append(turns)
            ledger, model = task.federation.ledger, task.model
            ledger.advance_to(min(ledger.now() + turns * model.params.leader_s, model.skip_at()) + 1)
        return reply

    task = alliance("rounds=3", "alliance.proposers=3", "alliance.voters=3", behave=late)
    task.run(FedAvg())
    assert passed == [turns]
    assert [event.outcome for event in task.told(RoundSettled)] == [outcome, "accepted", "accepted"]
    opened = [event.absent_leaders for event in task.told(RoundOpened) if event.round == 1]
    assert [bool(absent) for absent in opened] == ([True] if outcome == "accepted" else [])
    assert task.model.stored_phase is Phase.FINISHED


def test_a_list_of_votes_that_cannot_be_made_again_is_passed_over(
    alliance: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a coordinator is started again after a voter that had committed has left for good."""
    task = alliance("rounds=3", "alliance.proposers=3", "alliance.voters=3")
    commit, forgotten = round_on_chain.RoundOnChain.commit, []

    def forgetful(self: Any, *arguments: Any) -> Any:
        votes, told = commit(self, *arguments)
        if self.number == 1:
            member = min(votes.promises)
            forgotten.append(member)
            votes = Votes({other: promise for other, promise in votes.promises.items() if other != member})
        return votes, told

    monkeypatch.setattr(round_on_chain.RoundOnChain, "commit", forgetful)
    task.run(FedAvg())
    assert len(forgotten) == 1
    goes_on(task, "void")
