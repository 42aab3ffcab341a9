"""Leaving a task with one's balance."""

from federation import FML, GWEI, ONLOOKER, Chain, Federation, Refusal

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain, Leave
from fl_alliance.chain.types import Phase


def test_during_registration_a_member_leaves_at_once(chain: Chain) -> None:
    federation = Federation.create(chain)
    leaver, stayer = federation.join(20, 30)
    chain.send("leaveTaskWithSignature", federation.task, 0, federation.leave_signature(leaver), by=ONLOOKER)
    assert [member[0].lower() for member in federation.members] == [stayer.address.lower()]
    assert federation.balances == [30 * FML // GWEI]
    assert chain.read("creditGwei", leaver.address) == 20 * FML // GWEI
    chain.send("withdrawCredit", leaver.address, by=ONLOOKER)
    assert chain.balance(leaver.address) == 20 * FML


def test_the_last_member_to_join_can_leave_too(chain: Chain) -> None:
    federation = Federation.create(chain)
    _, leaver = federation.join(20, 30)
    chain.send("leaveTaskWithSignature", federation.task, 1, federation.leave_signature(leaver))
    assert federation.balances == [20 * FML // GWEI]


def test_in_a_running_task_a_member_leaves_two_rounds_later(chain: Chain, started: Federation) -> None:
    leaver = started.keys[2]
    receipt = chain.send("leaveTaskWithSignature", started.task, 2, started.leave_signature(leaver))
    [(_, event)] = chain.events(receipt, "LeaveQueued")
    assert event["fromRound"] == 3
    started.play()
    started.play()
    kept = started.balances[2]
    assert started.members[2][5] is True
    assert kept >= 20 * FML // GWEI
    proposers = started.open()
    assert started.balances[2] == 0
    assert chain.read("creditGwei", leaver.address) == kept
    assert 2 not in proposers
    assert started.state["members"] == 8


def test_a_member_that_has_left_is_never_drawn_again(chain: Chain, started: Federation) -> None:
    chain.send("leaveTaskWithSignature", started.task, 2, started.leave_signature(started.keys[2]))
    for _ in range(2):
        started.play()
    for _ in range(4):
        started.open()
        started.propose()
        voters = started.draw()
        assert 2 not in started.drawn_proposers + voters
        votes = dict.fromkeys(voters, (1, 1))
        started.commit(votes)
        started.settle(started.records(votes))


def test_a_member_of_a_settled_round_only_loses_its_role_by_leaving(chain: Chain, started: Federation) -> None:
    """Leaving takes effect between rounds: who has a role keeps it until the round is settled."""
    proposers = started.open()
    leaver = proposers[0]
    chain.send("leaveTaskWithSignature", started.task, leaver, started.leave_signature(started.keys[leaver]))
    assert leaver in started.drawn_proposers
    assert started.balances[leaver] == 20 * FML // GWEI


def test_nobody_leaves_for_another(chain: Chain, started: Federation) -> None:
    attacker = NodeKey.derive(7, 999)
    victim = started.keys[0]
    call = ("leaveTaskWithSignature", started.task, 0)
    assert chain.refusal(*call, started.leave_signature(attacker)) == Refusal(
        "NotMember", (started.task, 0, attacker.address.lower())
    )
    assert chain.refusal(*call, started.leave_signature(victim, task=started.task + 1)).name == "NotMember"
    elsewhere = Leave(started.task).sign(victim, Domain(1, chain.deployment.alliance))
    assert chain.refusal(*call, (elsewhere[:32], elsewhere[32:])).name == "NotMember"
    assert chain.refusal(*call, (bytes(32), bytes(32))) == Refusal("BadSignature", (0,))
    assert chain.refusal("leaveTask", started.task, 0, by=ONLOOKER).name == "NotMember"
    assert chain.refusal("leaveTask", started.task, 8, by=ONLOOKER).name == "NotMember"


def test_a_member_asks_to_leave_once(chain: Chain, started: Federation) -> None:
    """A signature replayed does not fill the queue."""
    call = ("leaveTaskWithSignature", started.task, 0, started.leave_signature(started.keys[0]))
    chain.send(*call)
    assert chain.refusal(*call) == Refusal("AlreadyLeaving", (started.task, 0))


def test_a_finished_task_is_left_by_withdrawing(chain: Chain, started: Federation) -> None:
    started.finish_by_abandoning()
    call = ("leaveTaskWithSignature", started.task, 0, started.leave_signature(started.keys[0]))
    assert chain.refusal(*call) == Refusal("WrongPhase", (started.task, Phase.FINISHED))


def test_the_queue_is_worked_off_sixteen_at_a_time(chain: Chain) -> None:
    """However many come at once, opening a round stays affordable; the rest comes in the rounds after."""
    federation = Federation.create(chain, rounds=20).start(*[20] * 6)
    joining = federation.join(*[20] * 18, first=50)
    assert len(chain.read("queue", federation.task)[1]) == 18
    for _ in range(2):
        federation.keys = federation.keys[:6]
        federation.play()
    federation.keys += joining
    federation.open()
    assert federation.state["members"] == 6 + chain.read("MAX_ADMISSIONS")
    head, waiting = chain.read("queue", federation.task)
    assert (head, len(waiting)) == (16, 2)
