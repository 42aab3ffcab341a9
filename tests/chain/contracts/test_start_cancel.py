"""From registration to the first round, or to the end without one."""

import pytest
from federation import ONLOOKER, Chain, Federation, Refusal

from fl_alliance.chain.types import Phase


@pytest.fixture
def full(chain: Chain) -> Federation:
    """As many members as a round draws, still registering."""
    federation = Federation.create(chain)
    federation.join(*[20] * 6)
    return federation


def test_the_creator_starts_as_soon_as_a_committee_is_there(chain: Chain, full: Federation) -> None:
    receipt = chain.send("start", full.task)
    assert (full.phase, full.round) == (Phase.IDLE, 1)
    [(_, event)] = chain.events(receipt, "TaskStarted")
    assert (event["members"], event["seed"]) == (6, full.state["seed"])


def test_one_member_short_of_a_committee_does_not_start(chain: Chain) -> None:
    federation = Federation.create(chain)
    federation.join(*[20] * 5)
    assert chain.refusal("start", federation.task) == Refusal("TooFewMembers", (federation.task, 5, 6))


def test_anybody_starts_once_registration_is_over(chain: Chain, full: Federation) -> None:
    opened = full.state["phase_at"]
    over = opened + full.params.registration_s
    refused = chain.refusal("start", full.task, by=ONLOOKER)
    assert refused == Refusal("TooEarly", (full.task, chain.now, over))
    chain.wait_until(over)
    chain.send("start", full.task, by=ONLOOKER)
    assert full.phase is Phase.IDLE


def test_a_task_starts_once(chain: Chain, full: Federation) -> None:
    chain.send("start", full.task)
    assert chain.refusal("start", full.task) == Refusal("WrongPhase", (full.task, Phase.IDLE))


def test_a_task_that_nobody_joins_is_cancelled_and_its_pool_returned(chain: Chain) -> None:
    federation = Federation.create(chain)
    federation.join(*[20] * 5)
    over = federation.state["phase_at"] + federation.params.registration_s
    assert chain.refusal("cancel", federation.task, by=ONLOOKER).name == "TooEarly"
    chain.wait_until(over)
    chain.send("cancel", federation.task, by=ONLOOKER)
    assert federation.phase is Phase.FINISHED
    federation.pay_out()
    assert (federation.pool, sum(federation.balances)) == (0, 0)


def test_a_task_that_can_start_is_not_cancelled(chain: Chain, full: Federation) -> None:
    chain.wait_until(full.state["phase_at"] + full.params.registration_s)
    assert chain.refusal("cancel", full.task, by=ONLOOKER) == Refusal("EnoughMembers", (full.task, 6, 6))


def test_a_running_task_is_not_cancelled(chain: Chain, started: Federation) -> None:
    assert chain.refusal("cancel", started.task) == Refusal("WrongPhase", (started.task, Phase.IDLE))
