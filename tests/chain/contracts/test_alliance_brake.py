"""A pause stops what takes FML into an Alliance, and nothing that lets it out or that a running task does."""

import pytest
from candidate_federation import CandidateFederation
from federation import DEPLOYER, FML, ONLOOKER, Chain, Federation, Refusal

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.deploy import BRAKE, Contract, deploy_contract
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.types import Phase

NEWCOMER = NodeKey.derive(7, 50)


def braked(chain: Chain) -> str:
    """Name a brake of the deployer's at the token, and return its address."""
    contracts: dict[str, Contract] = {}
    deploy_contract(chain.senders[DEPLOYER.address], BRAKE, (DEPLOYER.address, DEPLOYER.address), contracts)
    brake = contracts[BRAKE].address
    chain.fml("setBrake", brake)
    return brake


def pause(chain: Chain) -> Refusal:
    """Pause, and return what is refused until when."""
    brake = braked(chain)
    chain.send_raw(brake, chain.encode("pause", contract=BRAKE))
    return Refusal("Stopped", (chain.now + 14 * 86_400,))


@pytest.fixture(params=["majority", "candidates"])
def running(request: pytest.FixtureRequest) -> Federation:
    """A started task by each rule."""
    found: Federation = request.getfixturevalue("started" if request.param == "majority" else "judging")
    return found


def test_in_a_pause_nobody_creates_funds_or_joins_a_task_and_afterwards_all_do(running: Federation) -> None:
    chain = running.chain
    chain.fml("transfer", NEWCOMER.address, 20 * FML)
    chain.fml("approve", chain.deployment.alliance, 2**256 - 1)
    joins = running.registration(NEWCOMER, 20 * FML)
    key = (running.task, DEPLOYER.vrf.public_x, running.possession(DEPLOYER).to_solidity(), 20 * FML)
    terms = (running.tuple_of(running.params),)
    if isinstance(running, CandidateFederation):
        terms = (*terms, running.tuple_of(running.terms))
    steps = [("createTask", *terms, FML), ("fund", running.task, FML), joins, ("register", *key)]
    stopped = pause(chain)
    for step in steps:
        assert chain.refusal(*step) == stopped
    chain.wait_until(stopped.values[0])
    for step in steps:
        chain.send(*step)
    assert running.state["queued"] == 2 * 20 * 10**9


def test_in_a_pause_rounds_go_on_and_members_leave_and_take_what_is_theirs(chain: Chain, started: Federation) -> None:
    leaver, balance = started.keys[2], chain.balance(started.keys[2].address)
    open_task = Federation.create(chain)
    early, stays = open_task.join(20, 20)
    pause(chain)
    chain.send("leaveTaskWithSignature", open_task.task, 0, open_task.leave_signature(early), by=ONLOOKER)
    chain.send("withdrawCredit", early.address, by=ONLOOKER)
    assert chain.balance(early.address) == 20 * FML
    chain.send("leaveTaskWithSignature", started.task, 2, started.leave_signature(leaver))
    for _ in range(2):
        started.play()
    started.open()
    chain.send("withdrawCredit", leaver.address, by=ONLOOKER)
    assert chain.balance(leaver.address) > balance
    started.propose()
    started.draw()
    votes = started.ballots([(500_000, 600_000)] * 3)
    started.commit(votes)
    assert started.settle(started.records(votes))["outcome"] == Outcome.ACCEPTED
    chain.wait_until(open_task.state["phase_at"] + open_task.params.registration_s)
    chain.send("cancel", open_task.task, by=ONLOOKER)
    open_task.pay_out()
    assert chain.balance(stays.address) == 20 * FML
    started.finish_by_abandoning()
    started.pay_out()
    assert started.phase is Phase.FINISHED


def test_a_brake_is_named_once_by_the_tokens_administrator_and_gives_an_answer(chain: Chain) -> None:
    assert chain.refusal("setBrake", DEPLOYER.address, by=ONLOOKER, contract="FML").name == (
        "AccessControlUnauthorizedAccount"
    )
    assert chain.read("brake", contract="FML") == "0x" + 40 * "0"
    with pytest.raises(Exception, match="revert"):
        chain.fml("setBrake", DEPLOYER.address)  # no contract: every join would be refused for good
    brake = braked(chain)
    assert chain.refusal("setBrake", brake, contract="FML").name == "BrakeThere"
