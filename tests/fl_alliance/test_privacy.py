"""What a voter reveals can be blurred, always in the same way for one motion and one node."""

import math

import numpy as np
import pytest
from flwr.app import Message, MessageType, RecordDict
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.chain.rules.candidates import LOSS_LIMIT, MAX_ENTRIES
from fl_alliance.client_app import app
from fl_alliance.config import load_config
from fl_alliance.node import told
from fl_alliance.privacy import blurred, noise_scale
from fl_alliance.runtime.local import LocalGrid
from fl_alliance.strategies import wire
from fl_alliance.workloads.base import Score
from fl_alliance.yardstick import Yardstick

NOISY = "workload=linear nodes=6 alliance.proposers=3 alliance.voters=3 rule=candidates rule.reward=stake"
FOUND = [Score(0.5, loss, 240) for loss in (0.25, 7.0, math.inf, math.nan)]


def test_the_same_secret_gives_the_same_noise_and_another_another() -> None:
    first, again, other = (blurred(FOUND, 1.0, secret) for secret in (b"one", b"one", b"two"))
    assert first == again
    assert [score.loss for score in first] != [score.loss for score in other]


def test_nothing_without_noise_is_told_of_blurred_scores() -> None:
    (score,) = blurred([Score(0.5, 0.25, 240, {"accuracy": 0.5})], 1.0, b"key")
    assert set(told(score)) == {"num-examples", "loss"}
    assert told(score)["loss"] == score.loss != 0.25


@pytest.mark.parametrize(("epsilon", "is_answered"), [(0, True), (1, False)])
def test_a_node_whose_votes_are_blurred_does_not_answer_a_plain_request_to_evaluate(
    epsilon: float, is_answered: bool
) -> None:
    words = f"{NOISY} rule.score_epsilon={epsilon}"
    grid, model = LocalGrid(app, 6, {"overrides": words}), Yardstick(load_config(words)).initial_model
    content = RecordDict({"arrays": wire.to_record(model)})
    message = Message(content, dst_node_id=min(grid.get_node_ids()), message_type=MessageType.EVALUATE)
    (reply,) = grid.send_and_receive([message])
    assert reply.has_error() is not is_answered


@given(
    st.lists(st.floats(0, LOSS_LIMIT), min_size=2, max_size=20),
    st.lists(st.tuples(st.integers(0), st.floats(0, LOSS_LIMIT)), min_size=1, max_size=MAX_ENTRIES),
    st.floats(0.01, 10),
)
def test_one_example_changes_how_likely_an_answer_is_by_no_more_than_epsilon(
    losses: list[float], exchanged: list[tuple[int, float]], epsilon: float
) -> None:
    count, at = len(losses), exchanged[0][0] % len(losses)
    means = [sum(losses) / count] * len(exchanged)
    others = [mean + (loss - losses[at]) / count for mean, (_, loss) in zip(means, exchanged, strict=True)]
    # The logarithm of two Laplace densities' ratio is at most the distance of their middles over the scale.
    assert sum(abs(a - b) / noise_scale(count, epsilon) for a, b in zip(means, others, strict=True)) <= epsilon * (
        1 + 1e-9
    )


def test_losses_are_clipped_before_the_noise() -> None:
    assert [round(score.loss) for score in blurred(FOUND, 1e9, b"key")] == [0, 4, 4, 4]


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_the_noise_has_the_scale_that_epsilon_asks_for(epsilon: float) -> None:
    many = [Score(0.5, 2.0, 240)] * 4000
    noise = np.array([score.loss - 2.0 for score in blurred(many, epsilon, b"key")])
    assert np.abs(noise).mean() == pytest.approx(noise_scale(240, epsilon), rel=0.05)
    assert abs(noise.mean()) < 0.05 / epsilon
