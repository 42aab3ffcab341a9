"""Somebody without a chain, a market, a task or FML is told what is missing and which command helps."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fl_alliance.chain.connect import connected
from fl_alliance.chain.node.serve import Listener
from fl_alliance.chain.node.served import open_chain
from fl_alliance.cli.main import main
from fl_alliance.market import keys

STRANGER = "0x00000000000000000000000000000000000000aA"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def url() -> Iterator[str]:
    """A served chain without a market."""
    listener = Listener("127.0.0.1", 0)
    with listener.serving(open_chain(None, None, 1.0, 2.0)):
        yield listener.url


def said(capsys: pytest.CaptureFixture[str], code: int, *words: str) -> str:
    """Run a command of the Arena and return what it printed, complaints last."""
    try:
        found = main(["arena", *words])
    except SystemExit as leaving:
        found = int(leaving.code or 0)
    shown = capsys.readouterr()
    assert found == code, shown
    assert code != 2 or shown.err.count("\n") == 1, shown.err
    return shown.out + shown.err


def test_without_a_chain_the_command_that_starts_one_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["train", "1"], ["status"], ["deploy"], ["leaderboard", "1"]):
        assert "`fl-alliance chain`" in said(capsys, 2, *command, "chain.url=http://127.0.0.1:1")


def test_step_by_step_each_complaint_names_the_next_command(capsys: pytest.CaptureFixture[str], url: str) -> None:
    here = f"chain.url={url}"
    assert "`fl-alliance arena deploy`" in said(capsys, 2, "train", "1", here)
    assert "fl-alliance arena create classify" in said(capsys, 0, "deploy", here)
    assert "`fl-alliance arena create classify`" in said(capsys, 2, "train", "1", here)
    assert "no task yet" in said(capsys, 0, "status", here)
    assert "fl-alliance arena keep 1" in said(capsys, 0, "create", "classify", "task.days=1", here)
    assert "no task 2" in said(capsys, 2, "validate", "2", here)
    shown = said(capsys, 0, "status", here)
    assert "Handwritten digits" in shown
    assert "leave running: fl-alliance arena keep 1 key.development=0" in shown
    alone = said(capsys, 0, "status", here, "key.development=0")
    assert "leave running: fl-alliance arena keep 1\n" in alone
    assert "nobody has submitted a model yet" in said(capsys, 0, "leaderboard", "1", here)
    assert "takes no delegators" in said(capsys, 2, "delegate", "1", STRANGER, "5", here)
    assert "nothing to claim now" in said(capsys, 0, "claim", "1", here)


def test_a_second_market_needs_a_folder_of_its_own_and_one_that_is_gone_may_be_replaced(
    capsys: pytest.CaptureFixture[str], url: str
) -> None:
    here = f"chain.url={url}"
    said(capsys, 0, "deploy", here)
    assert "is on this chain" in said(capsys, 2, "deploy", here)
    assert "is on this chain" in said(capsys, 2, "deploy", here, "--replace")
    manifest = json.loads(Path("market/market.json").read_text())
    manifest["contracts"]["Arena"]["code_hash"] = "0x" + 64 * "0"
    Path("market/market.json").write_text(json.dumps(manifest))
    assert "fl-alliance arena deploy --replace" in said(capsys, 2, "status", here)
    assert "--replace" in said(capsys, 2, "deploy", here)
    said(capsys, 0, "deploy", here, "--replace")
    Path("market/market.json").write_text("{}")
    assert "chain.manifest=FILE" in said(capsys, 2, "status", here)


def test_an_account_without_gas_or_fml_is_told_how_to_get_both(
    capsys: pytest.CaptureFixture[str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = f"chain.url={url}"
    said(capsys, 0, "deploy", here)
    said(capsys, 0, "create", "classify", "task.days=1", here)
    monkeypatch.setenv("MINE", "11" * 32)
    shown = said(capsys, 2, "train", "1", here, "key.env=MINE")
    account = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
    assert "11" * 32 not in shown
    assert f"fl-alliance arena fund {account}" in shown
    assert "1,000.0000 FML" in said(capsys, 0, "fund", account, here)
    assert "takes 5,000.0000 FML" in said(capsys, 2, "fund", STRANGER, "5000", "key.env=MINE", here)
    assert "has 1,000.0000 FML, it takes 2,000.0000 FML" in said(
        capsys, 2, "create", "classify", "task.daily=1000", "task.days=1", "key.env=MINE", here
    )


def test_without_a_market_an_account_without_gas_is_told_how_to_get_it_and_does(
    capsys: pytest.CaptureFixture[str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, account = f"chain.url={url}", "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
    monkeypatch.setenv("MINE", "11" * 32)
    monkeypatch.setenv("FL_ALLIANCE_KEY", "11" * 32)
    consortium = ["sites", "deploy", "--chain", url, "--member", account, "--threshold", "1", "--key-env", "MINE"]
    advice = f"get some with `fl-alliance arena fund {account} key.development=0`"
    assert main(consortium) == 2
    told = capsys.readouterr().err
    assert f"{account} holds 0 wei of the coin of chain 31337; needed " in told
    assert (told.count("\n"), told.endswith(f"; {advice}\n")) == (1, True)
    assert advice in said(capsys, 2, "deploy", here)
    assert "no market is known here" in said(capsys, 2, "fund", account, "5", here, "key.development=0")
    assert f"{account} has gas; there is no market" in said(capsys, 0, "fund", account, here, "key.development=0")
    with connected(url) as w3:
        assert w3.eth.get_balance(account) == 10 * 10**18
    said(capsys, 0, "fund", account, here, "key.development=0")
    with connected(url) as w3:
        assert w3.eth.get_balance(account) == 10 * 10**18
    assert main(consortium) == 0


def test_off_the_development_chain_nobody_is_given_gas(capsys: pytest.CaptureFixture[str]) -> None:
    listener = Listener("127.0.0.1", 0)
    with listener.serving(open_chain(None, 5, 1.0, 2.0)):
        told = said(capsys, 2, "fund", STRANGER, f"chain.url={listener.url}")
    assert "no market is known here" in told


def test_only_the_dao_can_have_the_emission_pay(capsys: pytest.CaptureFixture[str], url: str) -> None:
    here = f"chain.url={url}"
    said(capsys, 0, "deploy", here)
    assert "--verified" in said(capsys, 2, "create", "classify", "--verified", "key.development=1", here)
    said(capsys, 0, "create", "classify", "--verified", here)
    facts = json.loads(said(capsys, 0, "status", "1", "--json", here))["tasks"][0]["facts"]
    assert (facts["is_verified"], facts["daily_wei"]) == (True, "0")


def test_asked_twice_two_tasks_are_made_and_one_that_was_interrupted_is_finished(
    capsys: pytest.CaptureFixture[str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fl_alliance.market import matters

    here = f"chain.url={url}"
    said(capsys, 0, "deploy", here)
    with monkeypatch.context() as killed:
        killed.setattr(matters, "finish", lambda folder: None)  # as if killed after the task was made
        assert "arena keep 1" in said(capsys, 0, "create", "classify", here)
    assert "arena keep 1" in said(capsys, 0, "create", "classify", here)
    assert "arena keep 2" in said(capsys, 0, "create", "classify", here)
    assert len(json.loads(said(capsys, 0, "status", "--json", here))["tasks"]) == 2


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["create", "painting"], "there are classify, tabular, lm-lora"),
        (["create", "classify", "task.workload=glucose"], "needs digits or breast_cancer"),
        (["create", "lm-lora", "task.workload=digits"], "needs a kind with a workload"),
        (["create", "classify", "task.options.hidden=9999999"], "needs a number from 0 to 4096"),
        (["create", "classify", "task.daily=0"], "nobody would earn anything"),
        (["create", "classify", "task.submit_s=90000"], "86400"),
        (["train", "one"], "needed a task's number"),
        (["train", "0"], "needed a task's number"),
        (["delegate", "1", "0x12", "5"], "needs an account's address"),
        (["train", "1", "task.days=3"], "no use for it"),
        (["trian", "1"], "invalid choice"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(
    words: list[str], named: str, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    here = f"chain.url={url}"
    if words[0] == "create" and "submit" in words[-1]:
        said(capsys, 0, "deploy", here)
    assert named in said(capsys, 2, *words, *([] if words[0] == "trian" else [here]))


def test_off_the_development_chain_a_key_is_asked_for_and_no_public_one_signs() -> None:
    from fl_alliance.chain.errors import DevelopmentKey
    from fl_alliance.chain.sender import Sender
    from fl_alliance.market.errors import KeyMissing
    from fl_alliance.market.settings import Key

    with pytest.raises(KeyMissing, match="FL_ALLIANCE_KEY"):
        keys.find_key(Key(env="FL_ALLIANCE_KEY"), 1, 0)
    with connected("memory://?chain_id=5") as w3, pytest.raises(DevelopmentKey):
        Sender(w3, keys.development_key(3))


def test_development_accounts_are_those_that_every_development_chain_funds() -> None:
    from fl_alliance.chain.node.settings import DEV_ACCOUNTS

    found = [bytes.fromhex(keys.development_key(number).address[2:]) for number in range(keys.DEVELOPMENT_ACCOUNTS)]
    assert tuple(found) == DEV_ACCOUNTS


def test_settings_are_printed_and_nothing_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert "preset: large" in said(capsys, 0, "train", "1", "training.preset=large", "--settings")
    assert not list(Path.cwd().iterdir())
