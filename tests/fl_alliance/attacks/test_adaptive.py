"""Attackers that try their updates on the rule before they send them."""

from collections.abc import Callable

import numpy as np
import pytest

from fl_alliance.attacks.adaptive import Adaptive, Harmful, Stealthy
from fl_alliance.behaviour import Trainer
from fl_alliance.insider import Insider, enter, make_node
from fl_alliance.strategies.geometry import Matrix
from fl_alliance.training import train_config
from fl_alliance.turns import TrainsInTurn

Site = Callable[..., Insider]


def attack_of(insider: Insider) -> Trainer:
    trainer = make_node(insider).trainer
    assert isinstance(trainer, TrainsInTurn)
    return trainer.malicious


def plan_of(insider: Insider) -> tuple[Adaptive, Matrix, object]:
    attack = attack_of(insider)
    assert isinstance(attack, Adaptive)
    model = insider.workload.initial_arrays(insider.config.seed)
    view = attack.look(model, train_config(insider.config, insider.workload, 1), tuple(range(8)))
    return attack, attack.plan(view), view


@pytest.fixture(params=["rule=candidates", "rule=majority"])
def rule(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_harmful_do_more_harm_than_the_honest_would(site: Site, rule: str) -> None:
    attack, plan, view = plan_of(site("attack/update=adaptive", rule))
    assert isinstance(attack, Harmful)
    assert plan.shape == view.accomplices.shape  # type: ignore[attr-defined]
    harm = attack.foresee(view, plan).harm  # type: ignore[arg-type]
    assert harm >= attack.foresee(view, view.accomplices).harm  # type: ignore[arg-type, attr-defined]
    apart = np.linalg.norm(plan[0] - plan[1])
    assert apart > 0.05 * np.linalg.norm(plan[0])  # no clones


def test_the_stealthy_go_as_far_as_nobody_suspects_them(site: Site) -> None:
    attack, plan, view = plan_of(site("attack/update=adaptive-stealth", "rule=candidates"))
    assert isinstance(attack, Stealthy)
    assert attack.foresee(view, plan).suspected == 0  # type: ignore[arg-type]
    shift = (plan - view.accomplices)[0]  # type: ignore[attr-defined]
    assert shift @ view.honest.mean(axis=0) <= 0  # type: ignore[attr-defined]


def test_accomplices_follow_one_plan(site: Site) -> None:
    first = site("attack/update=adaptive", "rule=candidates")
    model, config = first.workload.initial_arrays(first.config.seed), train_config(first.config, first.workload, 1)
    _, plan, view = plan_of(first)
    for position, member in enumerate(first.coalition):
        sent, _ = make_node(enter(first.config, member)).train(model, config, tuple(range(8)))
        shapes = view.shapes  # type: ignore[attr-defined]
        assert shapes.flat(sent) - shapes.flat(model) == pytest.approx(plan[position], rel=1e-4, abs=1e-6)


def test_who_pulses_is_honest_in_two_rounds_of_three(site: Site) -> None:
    insider = site("attack/update=adaptive-pulse")
    model, trainer = insider.workload.initial_arrays(insider.config.seed), attack_of(insider)
    for number in range(1, 7):
        config = train_config(insider.config, insider.workload, number)
        sent, _ = trainer.train(model, config, ())
        honest = insider.workload.train(model, insider.data, config).arrays
        is_honest = all(np.allclose(sent[name], honest[name], atol=1e-6) for name in model)
        assert is_honest == (number % 3 != 0)
