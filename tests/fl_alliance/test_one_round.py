"""One round, step by step, as the table in the README tells it; what is checked is what the contract says."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from flwr.app import ConfigRecord
from flwr.serverapp.strategy import FedAvg

from fl_alliance.chain.ballot import ballot_hash
from fl_alliance.chain.batches import SignedProposal, list_hash
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.rules.draw import draw
from fl_alliance.chain.steps import CommitVotes, DrawVoters, OpenRound, Propose
from fl_alliance.chain.types import Phase, Standing
from fl_alliance.chain.vrf import Proof, Tag, verify
from fl_alliance.client_app import app
from fl_alliance.config import load_config
from fl_alliance.federation import Federation, enrol, open_federation
from fl_alliance.judging import make_rule
from fl_alliance.records import RunFolder
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import replies, wire
from fl_alliance.strategies.digests import model_digest
from fl_alliance.strategies.exchange import Exchange
from fl_alliance.strategies.motions import put_to_the_vote
from fl_alliance.strategies.round_on_chain import Promise, RoundOnChain, Votes
from fl_alliance.strategies.rules import Majority, Rule
from fl_alliance.yardstick import Yardstick

OVERRIDES = [
    "workload=linear",
    "nodes=6",
    "rounds=2",
    "alliance.proposers=3",
    "alliance.voters=3",
    "chain.url=memory://",
]
STAKE, POOL = 100 * 10**9, 1000 * 10**9


@pytest.fixture(params=["rule=candidates", "rule=majority"])
def started(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Federation, Exchange, Yardstick, Rule]]:
    """A task with six members that have each staked 100 FML, their nodes, and the rule they judge by."""
    overrides = [*OVERRIDES, request.param]
    config = load_config(overrides)
    yardstick = Yardstick(config)
    grid = LocalGrid(app, config.nodes, {"overrides": shlex.join(overrides)})
    folder = RunFolder(tmp_path)
    with open_federation(config, folder, model_digest(yardstick.initial_model), resume=False) as federation:
        node_ids = enrol(federation, grid, config, folder)
        members = federation.ledger.members(federation.task)
        yield (
            federation,
            Exchange(grid, [node_ids[member.address] for member in members], 60.0),
            yardstick,
            make_rule(config),
        )


def standings(ledger: Alliance, task: int, wanted: Standing) -> tuple[int, ...]:
    """Return who has this standing, by the contract's own view."""
    return tuple(index for index, member in enumerate(ledger.members(task)) if member.standing is wanted)


def lead(ledger: Alliance, task: int, nodes: Exchange, tag: Tag) -> tuple[Proof, bytes]:
    """Return the proof of the member that the seed names, and its output."""
    model = ledger.model(task)
    member = model.leader(tag, model.rank(ledger.now()))
    assert member is not None
    encoded = nodes.prove(member, wire.Place(ledger.domain, task, model.round), tag, ledger.state(task).seed)
    assert encoded is not None
    vrf_x = ledger.members(task)[member].vrf_x
    proof = Proof.decode(vrf_x, model.alpha(tag, member), encoded)
    return proof, verify(vrf_x, model.alpha(tag, member), proof)


def test_one_round_as_the_readme_tells_it(started: tuple[Federation, Exchange, Yardstick, Rule]) -> None:
    federation, nodes, yardstick, rule = started
    ledger, task = federation.ledger, federation.task
    strategy, arrays = FedAvg(), wire.to_record(yardstick.initial_model)
    assert ledger.state(task).phase is Phase.IDLE

    # 1. The leader proves its VRF output; the contract takes it as the new seed and draws the proposers by stake.
    proof, beta = lead(ledger, task, nodes, Tag.PROPOSERS)
    ledger.send(OpenRound(task, proof))
    assert ledger.state(task).phase is Phase.PROPOSING
    assert ledger.state(task).seed == beta
    seats = [member.seats for member in ledger.members(task)]
    proposers = draw(beta, Tag.PROPOSERS, seats, 3)
    assert standings(ledger, task, Standing.SILENT_PROPOSER) == proposers

    # 2. Proposers train on their own data and sign the digest of the update; the contract checks every signature.
    chain = RoundOnChain(ledger, task)
    messages = strategy.configure_train(1, arrays, ConfigRecord(), nodes.committee(proposers))
    updates = {
        member: replies.check_update(reply, chain.place, chain.address(member), wire.to_arrays(arrays))
        for member, reply in nodes.ask(messages, chain.place).items()
    }
    ledger.send(
        Propose(task, tuple(SignedProposal(m, update.digest, update.signature) for m, update in updates.items()))
    )
    assert standings(ledger, task, Standing.PROPOSED) == proposers == tuple(updates)
    assert ledger.state(task).phase is Phase.LOCKED

    # 3. The coordinator aggregates the signed updates with the Flower strategy; forms the menu of models from them.
    motion, _ = put_to_the_vote(strategy, rule, 1, wire.to_arrays(arrays), updates, proposers, chain.averages)
    assert motion is not None
    assert model_digest(motion.models[0]) == ledger.model(task).model
    assert any(model_digest(model) == model_digest(motion.aggregate) for model in motion.models[1:])

    # 4. A second leader, no proposer, proves over the new seed; the voters are drawn among those who did not propose.
    proof, beta = lead(ledger, task, nodes, Tag.VOTERS)
    ledger.send(DrawVoters(task, proof))
    others = [0 if member in proposers else held for member, held in enumerate(seats)]
    voters = draw(beta, Tag.VOTERS, others, 3)
    assert standings(ledger, task, Standing.SILENT_VOTER) == voters
    assert not set(voters) & set(proposers)

    # 5. Voters form the same menu, score all of it on their own held-out data, sign, and send only the hash, which is
    # fixed on chain.
    aggregate = wire.to_record(motion.aggregate)
    configured = list(strategy.configure_evaluate(1, aggregate, ConfigRecord(), nodes.committee(voters)))
    for message in configured:
        message.content.update(motion.ballot())
    answers = nodes.ask(configured, chain.place)
    assert all(not reply.content.metric_records for reply in answers.values())
    votes = Votes(
        {
            member: Promise(*replies.check_commitment(reply, chain.place, chain.address(member), motion.digest))
            for member, reply in answers.items()
        }
    )
    ledger.send(CommitVotes(task, ballot_hash(motion.digest, list_hash(votes.pairs)), is_complete=True))
    assert ledger.state(task).phase is Phase.REVEALING

    # 6. Voters reveal; the contract checks every signature, takes medians or counts, pays and slashes.
    chain.reveal(nodes, motion, votes)
    assert set(votes.revealed) == set(voters)
    ledger.send(motion.settle(task, votes.records))
    state = ledger.state(task)
    assert state.phase is Phase.IDLE
    assert state.round == 2
    balances, escrow = [member.balance_gwei for member in ledger.members(task)], sum(ledger.model(task).escrow.values())
    assert sum(balances) + escrow + state.pool_gwei == 6 * STAKE + POOL
    share = (POOL // 2) // 6  # of the first of two rounds, with equal stakes
    if isinstance(rule, Majority):
        assert balances == [STAKE + share] * 6  # everyone is on the winning side
    else:
        assert all(balances[voter] > STAKE for voter in voters)
        assert POOL - 6 * share - 6 <= state.pool_gwei < POOL
        assert escrow > 0

    # 7. The model that won is the new one; its digest is in the settlement's event, from which every node can tell.
    adopted = ledger.model(task).model
    assert motion.model(adopted) is not None
    assert adopted != model_digest(yardstick.initial_model)
