"""A real run that a market's emission pays: it keeps its own days, killed or not, and a keeper does the last one."""

from pathlib import Path
from typing import Any

import pytest
from paid_run import DELEGATED_WEI, SIGMA_BPS, TASK, WORDS, Place, Stopped, keep, open_pool

from fl_alliance.audit import audit
from fl_alliance.bookkeeping import read_books
from fl_alliance.chain.alliance_market import AllianceMarket
from fl_alliance.chain.deploy import ALLIANCE_MARKET, Deployment
from fl_alliance.chain.emission import Emission
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.rules.alliance_pay import delegated_weight, delegators_share, reward_parts
from fl_alliance.chain.rules.emission import daily_wei, split, task_share
from fl_alliance.chain.types import WEI_PER_FML, WEI_PER_GWEI, Phase
from fl_alliance.config import ConfigError, load_config
from fl_alliance.job import run
from fl_alliance.records import RunFolder


def test_a_run_has_the_emission_pay_it_and_a_keeper_has_its_last_day_paid(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.go_on(1)
    deployed = Deployment.load(place.market / "market.json")
    assert deployed.contracts == Deployment.load(place.folder.manifest).contracts
    assert place.done()["AcceptanceNoted", 0] == 1

    with place.opened() as (ledger, market):
        assert market.emission.is_verified(market.address, TASK)
        assert not market.is_note_due(TASK)
        delegate, pool = open_pool(place, ledger, market)

    place.go_on(2)
    assert place.done()["AcceptanceNoted", 0] == 1
    with place.opened() as (ledger, market):
        staked, before = market.stake_wei(TASK), ledger.state(TASK).pool_gwei
        assert staked == sum(member.balance_gwei for member in ledger.members(TASK)) * WEI_PER_GWEI + DELEGATED_WEI
        assert market.emission.stake_gwei(market.address, TASK, 0) == staked // WEI_PER_GWEI

    place.end_day(0)
    place.go_on(3)
    amount = task_share(split(daily_wei(0), 0, staked)[1], staked, staked) // WEI_PER_GWEI * WEI_PER_GWEI
    weight = delegated_weight(DELEGATED_WEI, SIGMA_BPS)
    parts = reward_parts(amount, staked // WEI_PER_GWEI, weight)
    earned = delegators_share(parts.delegated_wei, weight, weight)
    assert earned == parts.delegated_wei > 0
    assert place.told.count(f"the emission paid {amount / WEI_PER_FML:,.2f} FML for day 0") == 1
    with place.opened() as (ledger, market):
        assert market.claimable_wei(TASK, delegate) == 0
        assert Fml(ledger.sender, ledger.token).balance_wei(pool) == DELEGATED_WEI + earned
        [settled] = [record for record in place.folder.rounds() if record.round == 3]
        assert settled.reward == (before + parts.pool_wei // WEI_PER_GWEI) // 2  # two rounds were left

    place.go_on(is_stopped=False)
    with place.opened() as (ledger, market):
        assert ledger.state(TASK).phase is Phase.FINISHED
        assert not market.is_over(TASK)
        last = market.emission.stake_gwei(market.address, TASK, 1)
        assert last > 0
        assert market.stake_wei(TASK) == 0
    keep(place)
    found = place.done()
    assert found["AcceptanceNoted", 1] == found["ShareDrawn", 0] == found["ShareDrawn", 1] == 1
    with place.opened() as (ledger, market):
        assert market.emission.stake_gwei(market.address, TASK, 2) == 0
        assert len(market.rewards(TASK)) == 2
        assert Fml(ledger.sender, ledger.token).balance_wei(pool) > DELEGATED_WEI + earned

    books = read_books(place.folder)
    assert books.flows.is_even
    assert books.flows.funded_gwei == 1_000 * 10**9 + parts.pool_wei // WEI_PER_GWEI
    audited = audit(place.market / "chain.db").audited
    assert audited.addresses[ALLIANCE_MARKET] == deployed.address(ALLIANCE_MARKET)


@pytest.mark.parametrize("killed", ["note", "close_days", "draw_receipt", "claim"])
@pytest.mark.parametrize("is_sent", [False, True])
def test_a_run_that_is_killed_around_any_step_does_none_twice(
    killed: str, is_sent: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, "rule=majority")
    place.words.append("rule.reward=stake")
    if killed != "note":
        place.go_on(1)
        with place.opened() as (ledger, market):
            open_pool(place, ledger, market)
        place.go_on(2)
        place.end_day(0)
    owner = Emission if killed in ("close_days", "draw_receipt") else AllianceMarket
    step = getattr(owner, killed)

    def dies(*args: Any) -> Any:
        if is_sent:
            step(*args)
        raise Stopped

    with monkeypatch.context() as once:
        once.setattr(owner, killed, dies)
        place.go_on()
    place.go_on(3)
    place.end_day(0)
    place.go_on(is_stopped=False)
    found = place.done()
    steps = [(name, 0) for name in ("AcceptanceNoted", "DayClosed", "ShareDrawn", "RewardSplit")]
    assert {step: found[step] for step in steps} == dict.fromkeys(steps, 1)
    if killed != "note":
        assert sum(count for (name, _), count in found.items() if name == "RewardClaimed") == 1


def test_a_market_whose_alliance_is_of_the_other_rule_is_refused(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.go_on(1)
    place.folder = RunFolder(tmp_path / "other")
    words = [word for word in place.words if word != "rule=candidates"] + ["rule=majority"]
    with pytest.raises(ConfigError, match=r"rule=majority: the Alliance of .* is of rule=candidates"):
        run(load_config(words), place.folder, listener=lambda _: None, overrides=words)


def test_a_market_that_is_not_there_is_refused_and_no_chain_begun(tmp_path: Path) -> None:
    words = [*WORDS, f"market.folder={tmp_path}", "market.emission=true"]
    with pytest.raises(ConfigError, match="there is no chain"):
        run(load_config(words), RunFolder(tmp_path / "run"), listener=lambda _: None, overrides=words)
    assert not (tmp_path / "chain.db").exists()
    with pytest.raises(ConfigError, match=r"needs market\.url"):
        load_config([*words, "chain.url=http://127.0.0.1:1", "market.url=http://127.0.0.1:2"])
