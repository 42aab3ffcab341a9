"""A whole market on one machine: who cheats earns nothing and loses, who works is ranked by what it is worth."""

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fl_alliance.arena.errors import SubmissionRefused
from fl_alliance.audit.everything import audit_everything
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.sender import Sender
from fl_alliance.cli.main import main
from fl_alliance.learners import network_kind
from fl_alliance.market.demo.asked import read_words
from fl_alliance.market.demo.bars import bars_of
from fl_alliance.market.demo.cast import CAST, CHEATS, HONEST, LARGE, SMALL, TERMS
from fl_alliance.market.demo.outcome import Outcome
from fl_alliance.market.demo.page import write_report
from fl_alliance.market.demo.printing import day_lines, end_lines
from fl_alliance.market.demo.show import Choice, play
from fl_alliance.market.errors import SettingRefused
from fl_alliance.market.keys import development_key

FML = 10**18
WHOLE = os.environ.get("FL_ALLIANCE_WHOLE_DEMO") == "1"
"""Play it as a user does, with every model in the sandbox, for five seeds: minutes."""


def played(folder: Path, seed: int = 0) -> Outcome:
    """Play with a scorer in this process: a sandbox takes seconds for each model, and `WHOLE` has it."""
    kind = network_kind("classify", "digits")

    def score(artifact: bytes, data: bytes) -> int:
        try:
            return kind.score(kind.load(artifact), data)
        except SubmissionRefused:
            return WORST

    folder.mkdir()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return play(Choice(seed=seed, scorer=score), folder, lambda setting, entries, judgements: None)
    finally:
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "market"


@pytest.fixture(scope="module")
def outcome(folder: Path) -> Outcome:
    return played(folder)


def test_everything_holds_that_the_demonstration_says_must_hold(outcome: Outcome) -> None:
    assert [bar.text for bar in outcome.bars if not bar.holds] == []
    assert len(outcome.bars) == 5


def test_the_ranking_is_by_quality_on_a_set_that_nobody_in_the_market_has(outcome: Outcome) -> None:
    for day in range(outcome.setting.days + 1):
        ranked = [entry for entry in outcome.entries_of(day) if entry.rank]
        assert [entry.name for entry in ranked] == [LARGE, SMALL]
        best, second = (entry.hidden for entry in ranked)
        assert best is not None
        assert second is not None
        assert best < second < outcome.setting.base_hidden


@pytest.mark.parametrize(("name", "days"), [("copier", 4), ("free-rider", 1), ("attacker", 5)])
def test_who_cheats_earns_nothing_and_loses_the_fee_and_a_tenth_of_the_stake_each_time(
    outcome: Outcome, name: str, days: int
) -> None:
    refused = [entry for entry in outcome.entries if entry.name == name and entry.verdict == "WORST"]
    account = outcome.account(name)
    assert len(refused) == days
    assert account.paid_wei == 0
    assert account.fees_wei == days * TERMS.submission_fee_wei
    if name == "free-rider":  # a tenth of what stands behind it is more than all of its own
        assert account.slashed_wei == account.stake_wei == 100_000 * FML
        assert refused[0].slashed_wei == 200_000 * FML
    else:
        left = account.stake_wei
        for entry in refused:
            assert entry.slashed_wei == left // 10
            left -= entry.slashed_wei
        assert account.slashed_wei == account.stake_wei - left
    assert account.end_wei == account.start_wei - account.fees_wei - account.slashed_wei


@pytest.mark.parametrize(
    ("name", "day", "why"),
    [
        ("copier", 0, "handed in nothing: there is nothing to copy yet"),
        ("copier", 1, "refused by 58 % of the scoring stake: a copy of honest-large's model of day 0, cosine 0.99"),
        ("copier", 2, "refused by the contract: the very file of honest-large's model of day 1"),
        ("free-rider", 0, "refused by 58 % of the scoring stake: a copy of the untrained model, cosine 1.0000"),
        ("free-rider", 1, "handed in nothing: the stake is 0.0000 FML"),
        ("attacker", 0, "refused by 83 % of the scoring stake: loss 0."),
        ("attacker", 1, "refused by 83 % of the scoring stake: not in the store, too large, or nothing that can be"),
        (LARGE, 0, "1st of 2, "),
    ],
)
def test_every_row_says_why(outcome: Outcome, name: str, day: int, why: str) -> None:
    found = next(entry.why for entry in outcome.entries if (entry.name, entry.day) == (name, day))
    assert found.startswith(why)


def test_who_is_lazy_or_colludes_earns_less_than_who_scores_honestly_with_as_much_stake(outcome: Outcome) -> None:
    honest = outcome.account(HONEST)
    for name in ("lazy-validator", "colluding-validator"):
        other = outcome.account(name)
        assert other.stake_wei == honest.stake_wei
        assert 0 < 2 * other.paid_wei < honest.paid_wei
    caught = {name: sum(j.caught for j in outcome.judgements if j.name == name) for name in (HONEST, "lazy-validator")}
    assert caught == {HONEST: sum(j.bad for j in outcome.judgements if j.name == HONEST), "lazy-validator": 0}


def test_who_delegates_to_who_works_gains_and_who_delegates_to_a_free_rider_is_slashed_with_it(
    outcome: Outcome,
) -> None:
    careful, careless = outcome.account("careful-delegator"), outcome.account("careless-delegator")
    assert careful.gained_wei > 0 > careless.gained_wei
    assert "-100,000 FML behind free-rider" in careless.why


def test_all_balances_and_what_was_burned_are_what_was_minted_by_the_token_itself(
    outcome: Outcome, folder: Path
) -> None:
    deployment = Deployment.load(folder / "market.json")
    with connected(f"file://{folder / 'chain.db'}") as w3:
        token = Fml(Sender(w3, development_key(0)), deployment.fml)
        supply = token.total_supply_wei
        held = {account.name: token.balance_wei(account.address) for account in outcome.accounts}
    money = outcome.money
    assert held == {account.name: account.end_wei for account in outcome.accounts}
    assert {name: money.balances[name] for name in held} == held
    assert sum(money.balances.values()) == supply == money.minted_wei - money.burned_wei
    assert money.before_wei == sum(member.purse_fml for member in CAST) * FML
    # What is in nobody's account is the dust that the virtual shares of pools keep.
    assert sum(money.balances.values()) - sum(held.values()) <= 10


def test_every_account_is_what_it_was_and_what_it_won_less_what_it_lost(outcome: Outcome) -> None:
    for account in outcome.accounts:
        won = account.paid_wei + account.from_pool_wei
        lost = account.fees_wei + account.slashed_wei + account.fund_wei
        assert account.gained_wei == won - lost, account.name
        assert account.worth[0] == account.start_wei, account.name
        assert account.worth[-1] == account.end_wei, account.name


def test_the_audit_of_its_folder_holds(outcome: Outcome, folder: Path) -> None:
    found = audit_everything(folder)
    assert found.market is not None
    assert "0x" + found.market.head.hex() == outcome.setting.head


def test_the_same_seed_gives_the_same_chain_to_the_last_block_and_the_same_results(
    outcome: Outcome, tmp_path: Path
) -> None:
    assert played(tmp_path / "again") == outcome


def test_results_come_back_from_their_file_as_they_were(outcome: Outcome, folder: Path) -> None:
    assert Outcome.load(folder) == outcome


def test_the_report_and_its_plots_stand_alone(outcome: Outcome, folder: Path) -> None:
    text = write_report(outcome, folder).read_text()
    assert not re.search(r"(src|href)=|url\(|@import", text)
    for account in outcome.accounts:
        assert account.name in text
    plots = sorted(path.name for path in (folder / "plots").iterdir())
    assert plots == ["delegators.svg", "earnings.svg", "leaderboard.svg", "nodes.svg", "validators.svg"]
    for plot in plots:
        root = ET.fromstring((folder / "plots" / plot).read_text())  # noqa: S314  our own file
        assert root.findall("{http://www.w3.org/2000/svg}path")


def test_what_is_printed_names_everybody_with_what_it_won_and_why(outcome: Outcome) -> None:
    lines = end_lines(outcome)
    for account in outcome.accounts:
        line = next(line for line in lines if line.startswith(f"  {account.name} "))
        assert line.endswith(account.why)
    first = [entry for entry in outcome.entries if entry.day == 0]
    judged = [judgement for judgement in outcome.judgements if judgement.day == 0]
    assert len(day_lines(outcome.setting, first, judged)) == 3 + len(first) + len(judged)


def _order(outcome: Outcome) -> Outcome:
    worse = [replace(entry, hidden=10**6) if entry.name == LARGE else entry for entry in outcome.entries]
    return replace(outcome, entries=worse)


def _paid(outcome: Outcome) -> Outcome:
    paid = [replace(a, paid_wei=1) if a.name == CHEATS[0] else a for a in outcome.accounts]
    return replace(outcome, accounts=paid)


def _unpunished(outcome: Outcome) -> Outcome:
    spared = [replace(a, end_wei=a.end_wei + 1) if a.name == CHEATS[2] else a for a in outcome.accounts]
    return replace(outcome, accounts=spared)


def _lazy(outcome: Outcome) -> Outcome:
    honest = outcome.account(HONEST).paid_wei
    rich = [replace(a, paid_wei=honest) if a.name == "lazy-validator" else a for a in outcome.accounts]
    return replace(outcome, accounts=rich)


def _vanished(outcome: Outcome) -> Outcome:
    return replace(outcome, money=replace(outcome.money, emitted_wei=outcome.money.emitted_wei + 1))


@pytest.mark.parametrize(("number", "change"), list(enumerate([_order, _paid, _unpunished, _lazy, _vanished])))
def test_a_bar_fails_where_what_it_says_does_not_hold(
    outcome: Outcome, number: int, change: Callable[[Outcome], Outcome]
) -> None:
    other = change(outcome)
    bars = bars_of(other.setting, other.entries, other.judgements, other.accounts, other.money)
    assert [index for index, bar in enumerate(bars) if not bar.holds] == [number]


@pytest.mark.parametrize("word", ["seed", "seed=-1", "seed=x", "kind=chess", "base=tiny", "rounds=3"])
def test_a_setting_that_it_does_not_take_is_refused_with_what_is_needed(word: str) -> None:
    with pytest.raises(SettingRefused, match="needs"):
        read_words([word])


def test_a_folder_that_is_in_use_is_refused_before_anything_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("")
    assert main(["arena", "demo", "--run-dir", str(tmp_path)]) == 2
    assert "needed a new or empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.slow
@pytest.mark.skipif(not WHOLE, reason="minutes; FL_ALLIANCE_WHOLE_DEMO=1 plays it")
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["classify", "tabular", "lm-lora"])
def test_the_whole_demonstration_holds_for_every_seed(kind: str, seed: int, tmp_path: Path) -> None:
    folder = tmp_path / "market"
    assert main(["arena", "demo", f"kind={kind}", f"seed={seed}", "--run-dir", str(folder)]) == 0
    assert (folder / "report.html").is_file()
    assert main(["audit", str(folder)]) == 0
