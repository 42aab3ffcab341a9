"""Everybody gets what is theirs, once, at their own address, whoever asks."""

import pytest
from federation import DEPLOYER, FML, ONLOOKER, Chain, Federation, Refusal

from fl_alliance.chain.types import Phase


@pytest.fixture
def finished(started: Federation) -> Federation:
    started.finish_by_abandoning()
    return started


def test_a_member_is_sent_its_balance_by_anybody(chain: Chain, finished: Federation) -> None:
    receipt = chain.send("withdraw", finished.task, 3, by=ONLOOKER)
    assert chain.balance(finished.keys[3].address) == 20 * FML
    assert finished.balances[3] == 0
    [(_, event)] = chain.events(receipt, "Withdrawn")
    assert event["amountWei"] == 20 * FML


def test_nothing_is_paid_twice(chain: Chain, finished: Federation) -> None:
    for call in [("withdraw", finished.task, 3), ("withdrawPool", finished.task)]:
        chain.send(*call)
        assert chain.refusal(*call) == Refusal("NothingThere", ())


@pytest.mark.parametrize("member", [8, 1_023, 1_024, 65_535])
def test_a_member_that_does_not_exist_is_sent_nothing(chain: Chain, finished: Federation, member: int) -> None:
    request = {"to": chain.deployment.alliance, "data": "0x" + chain.encode("withdraw", finished.task, member).hex()}
    with pytest.raises(Exception, match="revert"):
        chain.rpc("eth_call", request, "latest")


def test_while_a_task_runs_nothing_is_withdrawn(chain: Chain, started: Federation) -> None:
    for call in [
        ("withdraw", started.task, 0),
        ("withdrawPool", started.task),
        ("withdrawQueued", started.task, 0),
    ]:
        assert chain.refusal(*call) == Refusal("WrongPhase", (started.task, Phase.IDLE))


def test_the_pool_goes_back_to_the_creator(chain: Chain, finished: Federation) -> None:
    before = chain.balance(DEPLOYER.address)
    chain.send("withdrawPool", finished.task, by=ONLOOKER)
    assert chain.balance(DEPLOYER.address) == before + finished.pool_wei


def test_a_stake_that_was_never_admitted_comes_back(chain: Chain, started: Federation) -> None:
    [waiting] = started.join(25, first=70)
    started.finish_by_abandoning()
    chain.send("withdrawQueued", started.task, 0, by=ONLOOKER)
    assert chain.balance(waiting.address) == 25 * FML
    assert chain.refusal("withdrawQueued", started.task, 0) == Refusal("NothingThere", ())


def test_a_queued_departure_is_no_second_withdrawal(chain: Chain, started: Federation) -> None:
    chain.send("leaveTaskWithSignature", started.task, 0, started.leave_signature(started.keys[0]))
    started.finish_by_abandoning()
    assert chain.refusal("withdrawQueued", started.task, 0) == Refusal("NothingThere", ())
    chain.send("withdraw", started.task, 0)
    assert chain.balance(started.keys[0].address) == 20 * FML


def test_who_has_no_credit_is_sent_none(chain: Chain) -> None:
    assert chain.refusal("withdrawCredit", ONLOOKER.address) == Refusal("NothingThere", ())


def test_no_call_of_a_round_moves_tokens(chain: Chain, started: Federation) -> None:
    """Payments are pulled, so that no receiver can stop a round or come back into it."""
    held = chain.balance(chain.deployment.alliance)
    started.play((1, 1), (1, 1), (1, 0))
    assert chain.balance(chain.deployment.alliance) == held
