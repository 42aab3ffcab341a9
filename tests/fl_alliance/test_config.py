"""A configuration that cannot run is refused before anything runs, naming the setting, its value and what is needed."""

from dataclasses import replace

import pytest

from fl_alliance.config import ConfigError, JobConfig, config_digest, fml_to_wei, load_config, to_yaml, validate
from fl_alliance.judging import make_rule
from fl_alliance.settings import RuleSettings
from fl_alliance.strategies.rules import CandidateVoting, Majority


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("round=3", "Did you mean 'rounds'"),
        ("alliance.proposer=3", "Did you mean 'alliance.proposers'"),
        ("rounds=ten", "rounds=ten"),
        ("rounds=0", "rounds=0: needs 1 to 65535"),
        ("nodes=2000", "nodes=2000: needs 1 to 1024"),
        ("alliance.proposers=9", "committee cannot be larger than the 10 nodes"),
        ("alliance.proposers=0", "needs at least 1"),
        ("alliance.voters=-1", "needs 0 .nobody judges. or more"),
        ("alliance.stake=10", "is below the minimum stake alliance.min_stake=50"),
        ("alliance.stake=much", "needs an amount of FML"),
        ("alliance.stake=1.0000000001", "at most nine decimals"),
        ("alliance.min_stake=0", "needs more than 0"),
        ("alliance.slash_bps=10001", "needs 0 to 10000 basis points"),
        ("alliance.leader_s=0", "needs at least 1 second"),
        ("train.learning_rate=-1", "needs more than 0"),
        ("strategy=nonsense", "Available options in 'strategy'"),
        ("workload=nonsense", "Available options in 'workload'"),
        ("runtime.name=cloud", "needs one of local, ray"),
        ("rounds=5,10", "rounds=5,10"),
        ("seed=-1", "needs 0 to 2.63 - 1"),
        ("seed=9223372036854775808", "needs 0 to 2.63 - 1"),
        ("alliance.stake=1e80", "all the FML that there can be"),
        ("alliance.pool=nan", "non-negative amount"),
        (
            "alliance.stake=100000001",
            "10 stakes of 100000001, a pool of 1000 and a bond of 100: needs at most 1000000000 FML in all",
        ),
        ("train.learning_rate=inf", "needs more than 0, and finite"),
        ("train.learning_rate=nan", "needs more than 0, and finite"),
        ("runtime.timeout_s=0", "needs more than 0 seconds"),
        ("runtime.timeout_s=nan", "needs more than 0 seconds"),
        ("strategy=null", "must be a string"),
        ("=3", "must be a string"),
        ("rounds='5", "No closing quotation"),
        ("alliance.slash=-1", "non-negative amount"),
        ("rule=nonsense", "Available options in 'rule'"),
        ("rule.overide_bps=1", "Did you mean 'rule.override_bps'"),
        ("rule=majority rule.reward=contribution", "needs rule=candidates"),
        ("rule.name=majority", "rule=majority sets both"),
        ("alliance.voters=0", "with rule=candidates; rule=majority has no such limit"),
        ("rule=candidates rule.reward=love", "needs one of stake, contribution"),
        ("rule=candidates alliance.voters=0", "alliance.voters=0: needs 1 to 64 with rule=candidates"),
        ("rule=candidates nodes=100 alliance.proposers=65", "alliance.proposers=65: needs 1 to 64"),
        ("rule=candidates rule.convict_bps=10001", "needs 0 to 10000 basis points"),
        ("rule=candidates rule.suspect_at=128", "needs 1 to 127 sixteenths"),
        ("rule=candidates rule.score_epsilon=-1", "needs 0 .no noise. or more"),
        ("rule=candidates rule.score_epsilon=1", "rule.score_epsilon=1.0: needs rule.reward=stake"),
        ("rule=majority rule.score_epsilon=1", "rule.score_epsilon=1.0: needs rule=candidates"),
        ("rule=candidates rule.menu=null", "rule.menu"),
        ("alliance.bond=-1", "alliance.bond='-1': needs a non-negative amount of FML"),
        ("alliance.challenge_s=60", "alliance.challenge_s=60: needs 3600 to 7776000 seconds"),
        ("attack.share=1.5", "attack.share=1.5: needs 0 to 1"),
        ("attack.nodes=[10]", "needs sites from 0 to 9"),
        ("+attack.update.scale=1", "attack.update: needs a _target_"),
        ("attack/update=nonsense", "Available options in 'attack/update'"),
        ("records.proposals=some", "needs one of all, none"),
    ],
)
def test_a_bad_setting_is_named(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(override)


def test_candidates_is_the_default_rule_also_of_a_configuration_made_in_python() -> None:
    assert load_config() == load_config("rule=candidates")
    assert RuleSettings() == load_config().rule
    made = JobConfig(strategy=load_config().strategy)
    validate(made)
    assert isinstance(make_rule(made), CandidateVoting)


def test_majority_is_one_word_away_and_lets_nobody_judge() -> None:
    rule = load_config("rule=majority").rule
    assert (rule.name, rule.reward) == ("majority", "stake")
    assert isinstance(make_rule(load_config("rule=majority alliance.voters=0")), Majority)
    assert load_config("nodes=200 alliance.proposers=100 alliance.voters=100 rule=majority").alliance.voters == 100


def test_words_and_one_string_compose_the_same_configuration() -> None:
    assert load_config(["rounds=5", "workload=digits"]) == load_config("rounds=5 workload=digits")


def test_the_digest_says_what_decides_the_result_and_not_where_it_runs() -> None:
    config = load_config("rounds=5")
    elsewhere = replace(config, chain=replace(config.chain, url="http://localhost:8545"))
    assert config_digest(elsewhere) == config_digest(config)
    assert config_digest(load_config("rounds=6")) != config_digest(config)


def test_the_resolved_configuration_holds_the_name_of_the_key_and_not_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "5f" * 32
    monkeypatch.setenv("RELAYER_KEY", secret)
    text = to_yaml(load_config("chain.relayer_key_env=RELAYER_KEY"))
    assert "RELAYER_KEY" in text
    assert secret not in text


def test_amounts_are_exact() -> None:
    assert fml_to_wei("0.000000001", "x") == 10**9
    assert fml_to_wei("64", "x") == 64 * 10**18
