import pytest

from fl_alliance.config import ConfigError, load_config
from fl_alliance.insider import check_attack
from fl_alliance.lab.names import GROUPS, attack_words, attacks_of, expanded, poisons


def test_two_attacks_of_different_groups_make_one() -> None:
    assert attack_words("alie+collusion") == ("attack/update=alie", "attack/vote=collusion")
    assert attack_words("sign_flip") == ("attack/update=sign-flip",)
    assert attack_words("none") == ()


def test_an_attack_of_a_group_of_ones_own_is_named_with_it() -> None:
    assert attack_words("update/mine+collusion") == ("attack/update=mine", "attack/vote=collusion")


@pytest.mark.parametrize(
    ("attack", "message"),
    [
        ("alie+ipm", "are of update"),
        ("alei", "no such attack; needs one of none.*Did you mean 'alie'"),
        ("up/mine", "update/"),
    ],
)
def test_what_is_no_attack_is_refused(attack: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        attack_words(attack)


def test_a_set_stands_for_all_of_a_group() -> None:
    assert expanded(["none", "all-votes", "veto"]) == ["none", *attacks_of("vote")]


def test_only_who_does_more_than_vote_means_something_to_a_server_without_voters() -> None:
    assert poisons("none")
    assert poisons("alie+collusion")
    assert poisons("replay")
    assert not poisons("collusion")


@pytest.mark.parametrize("attack", [name for group in GROUPS for name in attacks_of(group)])
def test_every_attack_of_this_project_can_be_made(attack: str) -> None:
    check_attack(load_config(["workload=digits", "attack.share=0.3", *attack_words(attack)]))
