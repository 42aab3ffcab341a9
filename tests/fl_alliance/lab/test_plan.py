from dataclasses import replace
from pathlib import Path

import pytest

from fl_alliance.config import ConfigError, load_config
from fl_alliance.lab.methods import BASELINES, RULES, hostile_proposers
from fl_alliance.lab.plan import Plan, narrowed, read_study, studies


@pytest.fixture
def plan() -> Plan:
    return Plan("mine", data={"linear": ("workload=linear",)}, attacks=("none", "alie"), rules=("majority",))


def test_every_run_of_a_plan_is_there_once_and_the_reference_first(plan: Plan) -> None:
    cells = narrowed(plan, [("baselines", ["fedavg", "krum"]), ("seed", ["1", "2"])]).cells()
    assert len(cells) == len(set(cells)) == 2 * 2 * 3
    assert [(cell.attack, cell.method) for cell in cells[:2]] == [("none", "fedavg")] * 2
    assert len({cell.key for cell in cells}) == len(cells)


def test_vote_attacks_are_not_tried_on_who_asks_no_voters(plan: Plan) -> None:
    cells = narrowed(plan, [("baselines", ["all"]), ("attack", ["collusion"])]).cells()
    assert {cell.method for cell in cells if cell.attack == "collusion"} == {"majority"}


def test_a_list_of_values_makes_variants_of_the_data(plan: Plan) -> None:
    wider = narrowed(plan, [("attack.share", ["0.1", "0.2"]), ("rounds", ["3"])])
    assert dict(wider.data) == {
        "linear share 0.1": ("workload=linear", "attack.share=0.1", "rounds=3"),
        "linear share 0.2": ("workload=linear", "attack.share=0.2", "rounds=3"),
    }
    assert dict(narrowed(Plan("mine", data={"": ()}), [("workload", ["digits", "linear"])]).data) == {
        "digits": ("workload=digits",),
        "linear": ("workload=linear",),
    }


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (("rule", ["best"]), "rule=best: needs one of candidates"),
        (("baselines", ["fedmax"]), "fedmax.*no baseline"),
        (("seed", ["one"]), "seed=one: needs a whole number"),
        (("data", ["cats"]), "data=cats: needs one of linear"),
    ],
)
def test_a_choice_that_does_not_exist_is_refused(plan: Plan, word: tuple[str, list[str]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        narrowed(plan, [word])


@pytest.mark.parametrize("name", studies())
def test_every_study_of_this_project_can_run(name: str) -> None:
    plan = read_study(name)
    assert plan.about
    cells = plan.cells()
    assert len({cell.key for cell in cells}) == len(cells)
    for words in {cell.data: cell.words for cell in cells}.values():
        load_config(words)


def test_a_study_of_ones_own_is_a_yaml_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("about: a try\ndata: {linear: [workload=linear]}\nattacks: [alie]\nrules: [majority]\n")
    assert read_study(str(path)).name == "mine"
    for content, message in (("colour: red\n", "colour: no part"), ("bars: [{says: x, measure: y}]\n", "measure 'y'")):
        path.write_text(content)
        with pytest.raises(ConfigError, match=message):
            read_study(str(path))
    with pytest.raises(ConfigError, match="no such study; needs one of"):
        read_study("absent")


@pytest.mark.parametrize("hostile", [0, 4, 8, 10])
@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_can_be_made_for_twenty_proposers(name: str, hostile: int) -> None:
    BASELINES[name](20, hostile)


def test_baselines_are_told_how_many_proposers_attack() -> None:
    words = ["nodes=40", "alliance.proposers=20", "attack.share=0.55", "attack.proposers=0.4"]
    assert hostile_proposers(load_config([*words, "attack/update=alie"])) == 8
    assert hostile_proposers(load_config([*words, "attack/update=alie", "attack.proposers=1"])) == 11
    assert hostile_proposers(load_config(words)) == 0
    assert hostile_proposers(load_config([*words, "attack/vote=collusion"])) == 0


def test_rules_and_baselines_have_different_names() -> None:
    assert not set(RULES) & set(BASELINES)


def test_a_baseline_is_bound_by_no_limit_of_candidate_voting(plan: Plan) -> None:
    settings = ("workload=linear", "nodes=200", "alliance.proposers=100", "alliance.voters=0")
    wide = replace(plan, data={"linear": settings}, baselines=("median",))
    assert {cell.method for cell in wide.cells()} == {"fedavg", "majority", "median"}
    assert {load_config(cell.overrides).rule.name for cell in wide.cells()} == {"majority"}
