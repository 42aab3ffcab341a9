"""A node says one thing a round, whoever asks: a coordinator cannot make it contradict itself and lose its stake."""

import numpy as np
import pytest
from flwr.app import ConfigRecord, Message, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from fl_alliance.chain.messages import Domain
from fl_alliance.chain.vrf import Tag
from fl_alliance.client_app import app
from fl_alliance.config import load_config
from fl_alliance.journal import MAX_MOTIONS, MAX_SEEDS, AlreadySaid, Journal
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import wire
from fl_alliance.strategies.wire import Place
from fl_alliance.yardstick import Yardstick

OVERRIDES = "rule=majority workload=linear nodes=4 alliance.proposers=2 alliance.voters=2"
HERE = Place(Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3"), task=1, round=1)
NEXT = Place(HERE.domain, task=1, round=2)


@pytest.fixture
def grid() -> LocalGrid:
    return LocalGrid(app, 4, {"overrides": OVERRIDES})


@pytest.fixture
def model() -> dict[str, np.ndarray]:
    return Yardstick(load_config(OVERRIDES)).initial_model


def ask(grid: LocalGrid, kind: str, place: Place, records: dict[str, object], **extra: int | str | bytes) -> Message:
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
    content = RecordDict({**records, wire.ALLIANCE: wire.place_record(place, **extra)})  # type: ignore[dict-item]
    (reply,) = grid.send_and_receive([Message(content, dst_node_id=1, message_type=kind)])
    return reply


def train(grid: LocalGrid, place: Place, arrays: dict[str, np.ndarray]) -> Message:
    config = ConfigRecord({"server-round": place.round})
    return ask(grid, "train", place, {"arrays": wire.to_record(arrays), "config": config})


def judge(grid: LocalGrid, old: dict[str, np.ndarray], new: dict[str, np.ndarray]) -> Message:
    records = {wire.ARRAYS: wire.to_record(new), wire.PREVIOUS: wire.to_record(old)}
    return ask(grid, "evaluate", HERE, records)


def said(reply: Message) -> dict[str, object]:
    assert not reply.has_error(), reply.error.reason
    return dict(reply.content.config_records[wire.ALLIANCE])


def moved(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array + np.float32(1) for name, array in arrays.items()}


def test_a_second_proposal_for_one_round_is_refused(grid: LocalGrid, model: dict[str, np.ndarray]) -> None:
    first = said(train(grid, HERE, model))
    assert said(train(grid, HERE, model)) == first
    refused = train(grid, HERE, moved(model))
    assert "another proposal was signed in round 1" in str(refused.error.reason)
    assert said(train(grid, NEXT, moved(model))) != first


def test_a_vote_is_the_same_again_and_another_pair_of_models_is_another_matter(
    grid: LocalGrid, model: dict[str, np.ndarray]
) -> None:
    first = said(judge(grid, model, moved(model)))
    assert said(judge(grid, model, moved(model))) == first
    for old, new in ((moved(moved(model)), moved(model)), (model, moved(moved(model)))):
        other = said(judge(grid, old, new))
        assert other["motion"] != first["motion"]
        assert other["commitment"] != first["commitment"]


def test_another_vote_on_one_motion_is_refused() -> None:
    journal = Journal(ConfigRecord())
    journal.admit(HERE, "vote", b"a" * 32, about=b"motion")
    journal.admit(HERE, "vote", b"a" * 32, about=b"motion")
    journal.admit(HERE, "vote", b"b" * 32, about=b"another motion")
    with pytest.raises(AlreadySaid, match="another vote"):
        journal.admit(HERE, "vote", b"b" * 32, about=b"motion")


def test_a_coordinator_cannot_have_many_motions_of_a_round_judged(
    grid: LocalGrid, model: dict[str, np.ndarray]
) -> None:
    new = model
    for _ in range(MAX_MOTIONS):
        new = moved(new)
        first = said(judge(grid, model, new))
    assert said(judge(grid, model, new)) == first
    refused = judge(grid, model, moved(new))
    assert f"votes on {MAX_MOTIONS} motions of round 1 were promised" in str(refused.error.reason)


def test_a_coordinator_cannot_try_out_many_seeds(grid: LocalGrid) -> None:
    seeds = [bytes([number]) * 32 for number in range(MAX_SEEDS)]
    given = [said(ask(grid, wire.PROVE, HERE, {}, tag=int(Tag.PROPOSERS), seed=seed)) for seed in seeds]
    assert said(ask(grid, wire.PROVE, HERE, {}, tag=int(Tag.PROPOSERS), seed=seeds[0])) == given[0]
    assert "4 seeds" in str(ask(grid, wire.PROVE, HERE, {}, tag=int(Tag.PROPOSERS), seed=b"x" * 32).error.reason)
    assert not ask(grid, wire.PROVE, HERE, {}, tag=int(Tag.VOTERS), seed=b"x" * 32).has_error()
    assert not ask(grid, wire.PROVE, NEXT, {}, tag=int(Tag.PROPOSERS), seed=b"x" * 32).has_error()


def test_a_vote_is_not_revealed_to_who_does_not_list_its_commitment(
    grid: LocalGrid, model: dict[str, np.ndarray]
) -> None:
    promise = said(judge(grid, model, moved(model)))["commitment"]
    assert isinstance(promise, bytes)
    assert ask(grid, wire.REVEAL, HERE, {}, commitments=bytes(34)).has_error()
    assert ask(grid, wire.REVEAL, NEXT, {}, commitments=bytes(2) + promise).has_error()
    assert "signature" in said(ask(grid, wire.REVEAL, HERE, {}, commitments=bytes(2) + promise))
