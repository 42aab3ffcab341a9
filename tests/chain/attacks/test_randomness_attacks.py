"""Grinding and withholding the randomness, and abusing the line of leaders."""

import pytest
from federation import FML, FORTUNE_TELLER, GWEI, ONLOOKER, Chain, Federation, Refusal

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Proposal
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.types import Phase
from fl_alliance.chain.vrf import Tag


def said_twice(federation: Federation, member: int, round_: int) -> tuple[object, ...]:
    """Return the call that proves a member to have signed two proposals."""
    key, domain, both = federation.keys[member], federation.chain.domain, [keccak(b"one"), keccak(b"another")]
    signed = [Proposal(federation.task, round_, update).sign(key, domain) for update in both]
    halves = [(signature[:32], signature[32:]) for signature in signed]
    return ("slashEquivocation", federation.task, (round_, member, 0, bytes(32), *both, *halves))


def test_a_leader_has_one_proof_and_so_one_draw(chain: Chain, started: Federation) -> None:
    """Whoever sends it, whenever in the leader's turn: the seed that follows is the same."""
    call, mark, seeds = started.open_call(), chain.rpc("evm_snapshot"), set()
    for wait, sender in ((0, ONLOOKER), (30, FORTUNE_TELLER)):
        chain.wait_until(started.state["phase_at"] + wait)
        chain.send(*call, by=sender)
        seeds.add((started.state["seed"], tuple(started.drawn_proposers)))
        chain.rpc("evm_revert", mark)
        chain.senders.clear()
        mark = chain.rpc("evm_snapshot")
    assert len(seeds) == 1


def test_a_leader_does_not_choose_among_keys(chain: Chain, started: Federation) -> None:
    """The key was fixed at the registration, before the seed was known; a proof by any other one is none."""
    leader = started.leader()
    key, other = started.keys[leader], NodeKey.derive(99, 0)
    proof = other.vrf.prove(started.alpha(Tag.PROPOSERS, key, 1, started.state["seed"]))
    assert chain.refusal("openRound", started.task, proof.to_solidity()).name == "VrfProofRejected"


@pytest.mark.parametrize("field", ["s", "slope", "u_x", "s_h_y", "c_gamma_x", "gamma_odd"])
def test_a_proof_bent_in_any_field_draws_nothing(chain: Chain, started: Federation, field: str) -> None:
    names = ("gamma_x", "gamma_odd", "s", "u_x", "u_y", "s_h_x", "s_h_y", "c_gamma_x", "slope", "hints")
    values = list(started.proof().to_solidity())
    place = names.index(field)
    values[place] = not values[place] if field == "gamma_odd" else values[place] ^ 1
    assert chain.refusal("openRound", started.task, tuple(values)).name == "VrfProofRejected"


def test_withholding_the_randomness_costs_the_leader_and_passes_the_turn(chain: Chain, started: Federation) -> None:
    """It cannot come back with its proof once it has seen what the next one would draw."""
    absent = started.leader()
    rank = next(rank for rank in range(1, 16) if started.leader(rank=rank) != absent)
    late, before, pool = started.open_call(), started.balances, started.pool
    chain.wait_until(started.state["phase_at"] + 60 * rank)
    assert chain.refusal(*late).name == "VrfProofRejected"
    started.open(rank)
    lost = before[absent] * 200 // 10_000
    assert started.balances[absent] == before[absent] - lost
    assert started.pool == pool + lost


def test_nobody_jumps_the_line(chain: Chain, started: Federation) -> None:
    rank = next(rank for rank in range(1, 16) if started.leader(rank=rank) != started.leader())
    assert chain.refusal(*started.open_call(rank)).name == "VrfProofRejected"


def test_who_registers_against_a_known_seed_is_not_drawn_by_it(chain: Chain, started: Federation) -> None:
    """A node that knows who leads the next two rounds joins for the third."""
    started.join(150, first=40)
    for _ in range(2):
        started.play()
        assert len(started.members) == 8
    started.open()
    assert started.members[8][3] == 15


def test_an_absent_leader_at_the_last_seat_does_not_drag_the_others_down(chain: Chain) -> None:
    """Its penalty leaves one member too few for a round: the task ends, and nobody is penalised who had no turn."""
    federation = Federation.create(chain).start(*[10] * 6)
    absent = federation.leader()
    rank = next(rank for rank in range(1, 16) if federation.leader(rank=rank) != absent)
    passed = {federation.leader(rank=earlier) for earlier in range(rank)}
    before = federation.balances
    chain.wait_until(federation.state["phase_at"] + 60 * rank)
    chain.send(*federation.open_call(rank))
    assert federation.phase is Phase.FINISHED
    assert {m for m in range(6) if federation.balances[m] < before[m]} == passed == {absent}


def test_a_sybil_does_not_reroll_the_line_by_having_itself_slashed(chain: Chain) -> None:
    """While leaders are awaited nobody's seats change, so nobody loses a turn or is absent from one it never had."""
    federation = Federation.create(chain, bounty_bps=10_000).start(*[60] * 8)
    line = [federation.leader(rank=rank) for rank in range(4)]
    chain.wait_until(federation.state["phase_at"] + 61)
    slash = said_twice(federation, 0, 1)
    assert chain.refusal(*slash, by=ONLOOKER) == Refusal("WrongPhase", (federation.task, Phase.IDLE))
    assert [federation.leader(rank=rank) for rank in range(4)] == line
    federation.open(1)
    chain.send(*slash, by=ONLOOKER)
    assert federation.balances[0] == 0


def test_a_slash_while_a_round_runs_does_not_move_the_line_of_its_voters(chain: Chain, started: Federation) -> None:
    started.open()
    started.propose()
    line = [started.leader(Tag.VOTERS, rank) for rank in range(4)]
    chain.send(*said_twice(started, started.drawn_proposers[0], 1), by=ONLOOKER)
    assert [started.leader(Tag.VOTERS, rank) for rank in range(4)] == line
    started.draw()


def test_more_seats_than_fifteen_are_no_more(chain: Chain) -> None:
    """No single account leads or is drawn by the weight of its fortune."""
    federation = Federation.create(chain).start(10_000, *[10] * 6)
    assert federation.seats() == [15, *[1] * 6]
    federation.open()
    assert [member[3] for member in federation.members] == [15, *[1] * 6]


def test_splitting_a_stake_buys_no_seat(chain: Chain) -> None:
    """Sybils pay for each seat: five accounts with one seat each weigh as much as one with five, and cost as much."""
    federation = Federation.create(chain).start(50, *[10] * 5)
    seats = federation.seats()
    assert seats[0] == sum(seats[1:]) == sum(federation.balances[1:]) // federation.params.min_stake_gwei
    poor = NodeKey.derive(98, 0)
    chain.fml("transfer", poor.address, 10 * FML)
    refusal = chain.refusal(*federation.registration(poor, 10 * FML - GWEI))
    assert refusal.name == "StakeTooLow"
