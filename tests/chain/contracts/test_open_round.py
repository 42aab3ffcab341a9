"""Opening a round: whose turn it is, and what those lose who let theirs pass."""

import pytest
from federation import DEPLOYER, FML, GWEI, ONLOOKER, Chain, Federation, Refusal

from fl_alliance.chain.rules.draw import leader
from fl_alliance.chain.types import Phase, Standing
from fl_alliance.chain.vrf import Tag, output


def wait_for_rank(federation: Federation, rank: int) -> None:
    federation.chain.wait_until(federation.state["phase_at"] + rank * federation.params.leader_s)


def distinct_leaders(federation: Federation, ranks: int, tag: Tag = Tag.PROPOSERS) -> set[int]:
    return {federation.leader(tag, rank) for rank in range(ranks)}


def test_the_leader_opens_and_exactly_the_proposers_are_drawn(chain: Chain, started: Federation) -> None:
    leading, proof = started.leader(), started.proof()
    receipt = chain.send("openRound", started.task, proof.to_solidity(), by=ONLOOKER)
    assert started.phase is Phase.PROPOSING
    assert len(started.standing_as(Standing.SILENT_PROPOSER)) == 3
    assert started.state["seed"] == output(proof)
    [(_, event)] = chain.events(receipt, "RoundOpened")
    assert (event["round"], event["leader"], event["rank"], event["seed"]) == (1, leading, 0, output(proof))


def test_every_round_draws_what_the_reference_model_draws(chain: Chain) -> None:
    """Unequal stakes, one above the most seats: `open` and `draw` compare each committee with the model."""
    federation = Federation.create(chain, proposers=2, voters=3).start(10, 25, 30, 200, 60, 10, 45)
    committees = {tuple(federation.play() and federation.drawn_proposers) for _ in range(8)}
    assert federation.round == 9
    assert len(committees) > 3


def test_another_member_does_not_open_in_the_leaders_turn(started: Federation) -> None:
    for member in set(range(8)) - {started.leader()}:
        proof = started.proof(member=member).to_solidity()
        assert started.chain.refusal("openRound", started.task, proof).name == "VrfProofRejected"


def test_a_stale_proof_opens_nothing(chain: Chain, started: Federation) -> None:
    """The proof of round 1 opens neither round 1 again nor round 2."""
    stale = started.open_call()
    started.play()
    assert chain.refusal(*stale).name == "VrfProofRejected"


@pytest.mark.parametrize("what", ["tag", "round", "seed", "task"])
def test_a_proof_for_anything_else_opens_nothing(started: Federation, what: str) -> None:
    state, key = started.state, started.keys[started.leader()]
    wrong = {"tag": Tag.VOTERS, "round": 2, "seed": bytes(32)}
    fields = {"tag": Tag.PROPOSERS, "round": 1, "seed": state["seed"]} | {k: v for k, v in wrong.items() if k == what}
    if what == "task":
        started.task += 1
    forged = key.vrf.prove(started.alpha(fields["tag"], key, fields["round"], fields["seed"])).to_solidity()
    if what == "task":
        started.task -= 1
    assert started.chain.refusal("openRound", started.task, forged).name == "VrfProofRejected"


def test_a_round_is_opened_once(chain: Chain, started: Federation) -> None:
    call = started.open_call()
    chain.send(*call)
    assert chain.refusal(*call) == Refusal("WrongPhase", (started.task, Phase.PROPOSING))


@pytest.mark.parametrize("rank", [1, 2, 15])
def test_the_next_in_line_opens_when_leaders_are_absent(chain: Chain, started: Federation, rank: int) -> None:
    absent = distinct_leaders(started, rank)
    wait_for_rank(started, rank)
    before, pool = started.balances, started.pool
    started.open(rank)
    lost = 20 * FML // GWEI * 200 // 10_000
    assert started.balances == [balance - lost * (member in absent) for member, balance in enumerate(before)]
    assert started.pool == pool + lost * len(absent)


def test_a_leader_that_is_absent_in_two_ranks_loses_once(chain: Chain) -> None:
    """One of two members is bound to lead several of fifteen ranks."""
    federation = Federation.create(chain, proposers=1, voters=1).start(20, 20)
    wait_for_rank(federation, 15)
    receipt = chain.send(*federation.open_call(15))
    [(_, event)] = chain.events(receipt, "LeadersAbsent")
    assert sorted(event["leaders"]) == sorted(set(event["leaders"]))
    assert event["lostGwei"] == len(event["leaders"]) * (20 * FML // GWEI * 200 // 10_000)


def test_a_leader_whose_time_has_passed_does_not_open(started: Federation) -> None:
    first, second = started.leader(rank=0), started.leader(rank=1)
    wait_for_rank(started, 1)
    if first != second:
        proof = started.proof(member=first).to_solidity()
        assert started.chain.refusal("openRound", started.task, proof).name == "VrfProofRejected"
    started.open(1)


def test_the_last_in_line_opens_until_the_round_is_skipped(chain: Chain, started: Federation) -> None:
    wait_for_rank(started, 40)
    started.open(15)
    assert started.phase is Phase.PROPOSING


def test_the_fraction_of_a_seat_counts_nothing(chain: Chain) -> None:
    federation = Federation.create(chain, proposers=1, voters=0).start(19, 20, 1_000)
    federation.open()
    assert [member[3] for member in federation.members] == [1, 2, 15]


def test_who_falls_below_the_minimum_stake_is_out_of_the_draws(chain: Chain) -> None:
    """Expelled, not robbed: the balance stays its own."""
    federation = Federation.create(chain, proposers=2, voters=2, absence_bps=10_000).start(*[10] * 6)
    absent = federation.leader(rank=0)
    ranks = next(rank for rank in range(1, 16) if federation.leader(rank=rank) != absent)
    wait_for_rank(federation, ranks)
    federation.open(ranks)
    assert federation.members[absent][3] == 0
    assert absent not in federation.drawn_proposers
    federation.propose()
    assert absent not in federation.draw()


def test_a_round_for_which_too_few_members_are_left_finishes_the_task(chain: Chain) -> None:
    """The absent leader's penalty takes its only seat: the next leader, whose turn it is, is not to blame."""
    federation = Federation.create(chain, proposers=2, voters=2, absence_bps=10_000).start(*[10] * 4)
    assert chain.refusal("finish", federation.task) == Refusal("EnoughMembers", (federation.task, 4, 4))
    absent = federation.leader(rank=0)
    ranks = next(rank for rank in range(1, 16) if federation.leader(rank=rank) != absent)
    wait_for_rank(federation, ranks)
    receipt = chain.send(*federation.open_call(ranks))
    assert [name for name, _ in chain.events(receipt)] == ["LeadersAbsent", "TaskFinished"]
    assert federation.phase is Phase.FINISHED
    federation.pay_out()
    assert (federation.pool, sum(federation.balances)) == (0, 0)


def test_a_task_whose_members_lost_their_seats_is_finished_by_anybody(chain: Chain) -> None:
    federation = Federation.create(chain, proposers=2, voters=2, absence_bps=10_000).start(*[10] * 4)
    wait_for_rank(federation, 16)
    chain.send("skipRound", federation.task, by=ONLOOKER)
    chain.send("finish", federation.task, by=ONLOOKER)
    assert federation.phase is Phase.FINISHED


def test_the_leader_line_is_that_of_the_seats_before_any_penalty(chain: Chain, started: Federation) -> None:
    """Otherwise a leader's absence would choose the next one."""
    state = started.state
    line = [leader(state["seed"], Tag.PROPOSERS, rank, started.seats()) for rank in range(16)]
    assert [started.leader(rank=rank) for rank in range(16)] == line
    wait_for_rank(started, 5)
    receipt = chain.send(*started.open_call(5), by=DEPLOYER)
    [(_, event)] = chain.events(receipt, "RoundOpened")
    assert event["leader"] == line[5]
