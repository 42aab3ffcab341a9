"""What a malicious site of a real workload sends."""

from collections.abc import Callable

import numpy as np
import pytest

from fl_alliance.attacks.updates import alie, inner_product
from fl_alliance.coalition import acting, coalition
from fl_alliance.config import load_config
from fl_alliance.insider import Insider, enter, make_node
from fl_alliance.lab.names import attacks_of
from fl_alliance.strategies.geometry import Shapes, Vector
from fl_alliance.training import train_config
from fl_alliance.workloads.base import Arrays

Site = Callable[..., Insider]
DIGITS = ("workload=digits", "workload.options.alpha=100")


def model_of(insider: Insider) -> Arrays:
    return insider.workload.initial_arrays(insider.config.seed)


def sent(insider: Insider, committee: tuple[int, ...] = (), round_number: int = 1) -> Vector:
    """Return the update that a site's node sends in answer to the initial model."""
    model, config = model_of(insider), train_config(insider.config, insider.workload, round_number)
    arrays, metrics = make_node(insider).train(model, config, committee)
    assert metrics["num-examples"] == len(insider.data.train)
    shapes = Shapes.of(model)
    return shapes.flat(arrays) - shapes.flat(model)


def honest_update(insider: Insider, site: int) -> Vector:
    return sent(enter(load_config(["workload=linear", "nodes=8", "alliance.proposers=4", "alliance.voters=4"]), site))


def test_accomplices_send_the_same_and_know_what_the_honest_send(site: Site) -> None:
    first, second = site("attack/update=alie"), site("attack/update=alie", position=1)
    outside = [each for each in range(8) if each not in first.coalition]
    committee = (*outside[:3], first.site, second.site)
    known = np.array([honest_update(first, each) for each in sorted(outside[:3])])
    assert sent(first, committee) == pytest.approx(sent(second, committee))
    assert sent(first, committee) == pytest.approx(alie(known, 2), rel=1e-4, abs=1e-6)


def test_an_attacker_that_is_not_told_the_committee_takes_all_for_drawn(site: Site) -> None:
    insider = site("attack/update=ipm")
    outside = [each for each in range(8) if each not in insider.coalition]
    known = np.array([honest_update(insider, each) for each in outside])
    assert sent(insider) == pytest.approx(inner_product(known, 0.5), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("attack", sorted(set(attacks_of("update")) - {"backdoor", "free-rider", "adaptive-pulse"}))
def test_every_update_attack_sends_something_finite_that_training_does_not_give(site: Site, attack: str) -> None:
    insider = site(f"attack/update={attack}")
    update = sent(insider)
    assert np.isfinite(update).all()
    assert np.linalg.norm(update - honest_update(insider, insider.site)) > 1e-3


def test_a_free_rider_resends_the_model(site: Site) -> None:
    assert not sent(site("attack/update=free-rider")).any()


def test_flipped_labels_undo_what_the_model_learns(site: Site) -> None:
    insider = site(*DIGITS, "attack/update=label-flip", "train.local_epochs=20")
    model, shapes = model_of(insider), Shapes.of(model_of(insider))
    poisoned = shapes.arrays(shapes.flat(model) + sent(insider))
    arrays = {name: array.astype(np.float32) for name, array in poisoned.items()}
    flipped_accuracy = insider.workload.evaluate(arrays, [insider.data])["accuracy"]
    honest = insider.workload.train(
        model, insider.data, train_config(load_config([*DIGITS, "train.local_epochs=20"]), insider.workload, 1)
    )
    assert flipped_accuracy < 0.2 < insider.workload.evaluate(honest.arrays, [insider.data])["accuracy"]


def test_a_step_repeater_resends_the_models_last_step(site: Site) -> None:
    insider = site("attack/update=step-repeater", "attack.update.disguise=0")
    model, config = model_of(insider), train_config(insider.config, insider.workload)
    node, step = make_node(insider), {name: np.full_like(array, 0.25) for name, array in model.items()}
    moved = {name: model[name] + step[name] for name in model}
    node.train(model, train_config(insider.config, insider.workload, 1))
    arrays, _ = node.train(moved, train_config(insider.config, insider.workload, 2))
    assert config.seed == insider.config.seed
    for name, array in arrays.items():
        assert array == pytest.approx(moved[name] + step[name])


def test_no_more_proposers_attack_than_the_coalition_lets(site: Site) -> None:
    insider = site("attack/update=sign-flip", "attack.proposers=0.25")
    everybody = tuple(range(8))
    for number in range(1, 6):
        turns = acting(insider.config, "proposers", number, everybody)
        assert len(turns) == 2
        assert set(turns) <= set(insider.coalition)
        for member in insider.coalition:
            update = sent(enter(insider.config, member), everybody, number)
            is_honest = update @ honest_update_in(insider, member, number) > 0
            assert is_honest == (member not in turns)


def honest_update_in(insider: Insider, member: int, number: int) -> Vector:
    words = ["workload=linear", "nodes=8", "alliance.proposers=4", "alliance.voters=4"]
    return sent(enter(load_config(words), member), (), number)


def test_everybody_who_is_malicious_gets_a_turn() -> None:
    config = load_config(["nodes=40", "alliance.proposers=20", "attack.share=0.55", "attack.proposers=0.4"])
    turns = [acting(config, "proposers", number, tuple(range(40))) for number in range(30)]
    assert {len(turn) for turn in turns} == {16}
    assert {member for turn in turns for member in turn} == set(coalition(config))
