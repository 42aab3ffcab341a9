"""The experiments that are configured: each composes, alone and with either rule."""

from importlib.resources import files

import pytest

from fl_alliance.config import load_config

EXPERIMENTS = sorted(entry.name.removesuffix(".yaml") for entry in (files("fl_alliance.conf") / "experiment").iterdir())


@pytest.mark.parametrize("rule", ["majority", "candidates"])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_composes_with_either_rule(name: str, rule: str) -> None:
    assert load_config([f"+experiment={name}", f"rule={rule}"]).rule.name == rule


def test_the_published_run_has_the_published_numbers_and_what_is_given_overrides_them() -> None:
    config = load_config(["+experiment=published", "rule=majority", "attack.share=0.3", "rounds=5"])
    assert (config.nodes, config.rounds, config.alliance.proposers) == (50, 5, 5)
    assert (config.alliance.stake, config.alliance.slash, config.alliance.slash_bps) == ("64", "8", 0)
    assert (config.alliance.pool, config.alliance.bounty_bps) == ("0", 0)
    assert (config.attack.share, config.workload.name) == (0.3, "digits")
    assert config.attack.update["_target_"].endswith("LabelFlip")
    assert config.attack.vote == {}


def test_thirty_nodes_can_leave_the_published_run_before_it_ends() -> None:
    config = load_config("+experiment=published")
    assert config.nodes - 30 >= config.alliance.proposers + config.alliance.voters
