"""What a run in the sandbox scores: the submission's fault is the worst score, the scorer's own is none."""

import pytest

from fl_alliance.arena.errors import ScorerFailed
from fl_alliance.arena.kinds.networks import NetworkKind
from fl_alliance.arena.scoring import SandboxScorer
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.learners import network_kind

ARGUMENTS = {"kind": "classify", "workload": "breast_cancer", "options": {}}
SCORER = SandboxScorer("fl_alliance.learners:score_submission", ARGUMENTS)


@pytest.fixture(scope="module")
def kind() -> NetworkKind:
    return network_kind("classify", "breast_cancer")


def test_a_model_gets_its_own_score_and_a_pickle_the_worst(kind: NetworkKind) -> None:
    model, data = kind.initial(1), kind.datasets(1).a
    assert SCORER(model, data) == kind.score(kind.load(model), data) < WORST
    assert SCORER(b"\x80\x04" + model, data) == WORST


def test_a_dataset_that_cannot_be_read_is_not_the_models_fault(kind: NetworkKind) -> None:
    with pytest.raises(ScorerFailed, match="dataset"):
        SCORER(kind.initial(1), b"no dataset")


@pytest.mark.parametrize("target", ["builtins:len", "fl_alliance.arena.store:nothing"])
def test_a_scorer_that_does_not_answer_with_a_score_has_failed(kind: NetworkKind, target: str) -> None:
    with pytest.raises(ScorerFailed):
        SandboxScorer(target)(kind.initial(1), b"data")
