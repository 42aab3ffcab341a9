"""Settings of the Arena's commands: defaults, then a file, then words; the unknown is refused with what was meant."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from fl_alliance.cli.arena import COMMANDS
from fl_alliance.cli.main import main
from fl_alliance.market.config import load_settings, to_yaml
from fl_alliance.market.errors import SettingRefused
from fl_alliance.market.settings import MarketSettings


def names(kind: type, prefix: str = "") -> list[str]:
    found = []
    for field in fields(kind):
        if isinstance(field.default_factory, type) and is_dataclass(field.default_factory):
            found += names(field.default_factory, f"{prefix}{field.name}.")
        else:
            found.append(prefix + field.name)
    return found


def test_words_win_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("stake: {amount: 300, lock_days: 60}\ntraining: {preset: large}\n")
    settings = load_settings(["stake.amount=400"], str(file))
    assert (settings.stake.amount, settings.stake.lock_days, settings.training.preset) == ("400", 60, "large")
    assert settings.training.threads == load_settings().training.threads == 1


def test_a_file_says_what_printed_settings_say(tmp_path: Path) -> None:
    settings = load_settings(["task.days=3", "task.options.hidden=64", "key.development=2"])
    file = tmp_path / "printed.yaml"
    file.write_text(to_yaml(settings))
    assert load_settings((), str(file)) == settings


def test_credentials_of_the_store_are_not_printed() -> None:
    settings = load_settings(["store.options.secret=hush"])
    assert settings.store.options == {"secret": "hush"}
    assert "hush" not in to_yaml(settings)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("stake.amout=3", "did you mean stake.amount?"),
        ("days=3", "did you mean task.days?"),
        ("stake=100", "stake has stake.amount, stake.lock_days"),
        ("steps=3", "did you mean training.steps?"),
        ("stake.lock_days=900", "needs 0 to 365"),
        ("stake.amount=much", "needs an amount of FML"),
        ("stake.amount=1.0000000001", "at most nine decimals"),
        ("task.stake=-1", "non-negative"),
        ("task.days=few", "task.days=few"),
        ("chain.url=null", "chain.url=null"),
        ("training.preset=huge", "needs one of small, standard, large"),
        ("training.steps=0", "needs 1 to 1000000"),
        ("training.start=yesterday", "needs one of best, fresh"),
        ("key.development=10", "needs 0 to 9"),
        ("delegation.sigma_bps=10001", "needs 0 to 10000"),
        ("scoring.wall_s=nan", "needs 1 to 86400"),
        ("network.look_s=0", "needs 0.01 to 60"),
        ("task.base=gpt", "needs one of smollm2, tiny"),
        ("foo", "needs NAME=VALUE"),
        ("=3", "needs NAME=VALUE"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(word: str, meant: str) -> None:
    with pytest.raises(SettingRefused, match=re.escape(meant)):
        load_settings([word])


def test_a_keystore_and_a_development_account_are_two_accounts() -> None:
    with pytest.raises(SettingRefused, match="needs one of them"):
        load_settings(["key.development=1", "key.keystore=key.json"])


def test_a_word_that_the_command_has_no_use_for_is_refused_and_in_a_file_it_may_stand(tmp_path: Path) -> None:
    with pytest.raises(SettingRefused, match="no use for it"):
        load_settings(["task.days=3"], None, ("folder", "chain"))
    file = tmp_path / "all.yaml"
    file.write_text("task: {days: 3}\n")
    assert load_settings([], str(file), ("folder", "chain")).task.days == 3


@pytest.mark.parametrize("content", ["stake: [", "- 1", "stak: {amount: 1}", "stake: {amount: {a: 1}}", "\x00"])
def test_a_file_that_holds_no_settings_is_refused_by_name(content: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(content)
    with pytest.raises(SettingRefused, match=re.escape(str(file))):
        load_settings([], str(file))
    with pytest.raises(SettingRefused, match="No such file"):
        load_settings([], str(tmp_path / "none.yaml"))


def test_every_setting_is_explained_by_a_command_that_takes_it(capsys: pytest.CaptureFixture[str]) -> None:
    shown = ""
    for command in COMMANDS:
        with pytest.raises(SystemExit):
            main(["arena", command, "--help"])
        shown += capsys.readouterr().out
    hidden = {"store.options", "task.options"}
    for name in names(MarketSettings):
        last = name.rpartition(".")[2]
        assert name in hidden or f"{name}=" in shown or f".{last}=" in shown, name


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["arena", command, "--help"])
    assert leaving.value.code == 0
    shown = capsys.readouterr().out
    assert f"fl-alliance arena {command}" in shown.partition("examples:")[2]
    assert all(len(line) <= 120 for line in shown.splitlines())


def test_the_group_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["arena"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {name} " in shown for name in COMMANDS)
