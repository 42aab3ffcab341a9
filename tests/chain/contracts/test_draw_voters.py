"""The second draw: who judges is unknown until the proposals are closed."""

from federation import ONLOOKER, Chain, Federation, Refusal

from fl_alliance.chain.types import Phase, Standing
from fl_alliance.chain.vrf import Tag, output


def test_voters_are_drawn_among_those_who_do_not_propose(started: Federation) -> None:
    proposers = started.open()
    started.propose()
    voters = started.draw()
    assert len(voters) == 3
    assert not set(voters) & set(proposers)
    assert started.phase is Phase.COMMITTING


def test_nobody_draws_while_proposals_are_open(chain: Chain, started: Federation) -> None:
    """A proposer that knew its judges could bribe them, or propose only to friendly ones."""
    first, *_ = started.open()
    started.propose([first])
    assert chain.refusal(*started.draw_call()) == Refusal("WrongPhase", (started.task, Phase.PROPOSING))


def test_after_the_deadline_one_proposal_is_enough(chain: Chain, started: Federation) -> None:
    first, *silent = started.open()
    started.propose([first])
    chain.wait_until(started.state["phase_at"])
    assert len(started.draw()) == 3
    assert started.standing_as(Standing.SILENT_PROPOSER) == silent


def test_without_any_proposal_there_is_nothing_to_judge(chain: Chain, started: Federation) -> None:
    started.open()
    chain.wait_until(started.state["phase_at"])
    assert chain.refusal(*started.draw_call()) == Refusal("WrongPhase", (started.task, Phase.LOCKED))


def test_only_the_leader_of_the_voters_draws(chain: Chain, started: Federation) -> None:
    started.open()
    started.propose()
    for member in set(range(8)) - {started.leader(Tag.VOTERS)}:
        proof = started.proof(Tag.VOTERS, member=member).to_solidity()
        assert chain.refusal("drawVoters", started.task, proof).name == "VrfProofRejected"


def test_a_proof_for_the_first_draw_does_not_serve_the_second(chain: Chain, started: Federation) -> None:
    started.open()
    started.propose()
    leading = started.leader(Tag.VOTERS)
    proof = started.proof(Tag.PROPOSERS, member=leading).to_solidity()
    assert chain.refusal("drawVoters", started.task, proof).name == "VrfProofRejected"


def test_voters_are_drawn_once(chain: Chain, started: Federation) -> None:
    started.open()
    started.propose()
    call = started.draw_call()
    chain.send(*call)
    assert chain.refusal(*call) == Refusal("WrongPhase", (started.task, Phase.COMMITTING))


def test_the_second_output_is_the_seed_of_the_next_round(started: Federation) -> None:
    started.open()
    started.propose()
    proof = started.proof(Tag.VOTERS)
    started.draw()
    assert started.state["seed"] == output(proof)


def test_ranks_count_from_the_deadline_and_absent_leaders_lose(chain: Chain, started: Federation) -> None:
    started.open()
    started.propose()
    deadline, first = started.state["phase_at"], started.leader(Tag.VOTERS, 0)
    chain.wait_until(deadline + started.params.leader_s)
    before = started.balances
    started.draw(rank=1)
    assert started.balances[first] == before[first] - before[first] * 200 // 10_000


def test_where_nobody_judges_there_is_no_second_draw(chain: Chain) -> None:
    federation = Federation.create(chain, voters=0).start(20, 20, 20)
    federation.open()
    federation.propose()
    proof = federation.keys[0].vrf.prove(bytes(32)).to_solidity()
    assert chain.refusal("drawVoters", federation.task, proof, by=ONLOOKER) == Refusal(
        "WrongPhase", (federation.task, Phase.LOCKED)
    )
