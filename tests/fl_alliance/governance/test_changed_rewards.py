"""From a proposal, and a ballot, to what the next round of an Alliance pays: to the wei, on each kind of chain."""

from pathlib import Path

import pytest
from council import DAY, HOLDER, PROPOSER, Desk

from fl_alliance.audit.market import NodeSource, audit_market
from fl_alliance.chain.alliance_market import AllianceMarket
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import ALLIANCE_MARKET, Deployment
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.emission import daily_wei, lowered, split, task_share, weighed
from fl_alliance.chain.types import WEI_PER_GWEI
from fl_alliance.config import load_config
from fl_alliance.job import run
from fl_alliance.market.keys import development_key
from fl_alliance.records import RunFolder
from fl_alliance.strategies.events import Event, RoundSettled, Stage

WORDS = [
    *("workload=linear", "rounds=4", "nodes=5", "alliance.proposers=2", "alliance.voters=2", "baselines=false"),
    *(f"alliance.{name}_s={30 * DAY}" for name in ("leader", "propose", "commit", "reveal")),
    *("market.emission=true", "alliance.bond=0"),
]
FIRST, SECOND = 1, 2
"""Tasks of one Alliance, each a run of its own."""


class Stopped(Exception):
    """Somebody stopped the run."""


class Job:
    """A run whose task is on the market's chain, stopped after any round."""

    def __init__(self, desk: Desk, root: Path, seed: int) -> None:
        self.folder = RunFolder(root / f"run-{seed}")
        self.words = [*WORDS, f"seed={seed}", f"market.folder={root / 'market'}", f"market.url={desk.url}"]
        self.told: list[str] = []

    def until(self, number: int) -> None:
        """Begin it or go on with it, until a round is settled."""

        def listener(event: Event) -> None:
            if isinstance(event, Stage):
                self.told.append(event.text)
            if isinstance(event, RoundSettled) and event.round == number:
                raise Stopped

        resume = self.folder.deployment.is_file()
        with pytest.raises(Stopped):
            run(load_config(self.words), self.folder, listener=listener, overrides=self.words, resume=resume)

    def reward(self, number: int) -> int:
        """What a round paid, in gwei."""
        [settled] = [record for record in self.folder.rounds() if record.round == number]
        return settled.reward


def test_a_schedule_and_a_weight_that_votes_changed_are_what_the_next_round_pays_by(desk: Desk, tmp_path: Path) -> None:
    jobs = [Job(desk, tmp_path, seed) for seed in (FIRST, SECOND)]
    for job in jobs:
        job.until(1)
        assert any("the DAO has not verified" in line for line in job.told)
    verify = ("--verify", f"alliance:{FIRST}", "--verify", f"alliance:{SECOND}")
    desk.pass_("Pay both tasks, of half of the schedule", *verify, "--set", "emission.schedule_bps=5000")
    desk.wait(7 * DAY)
    ballot = desk.dao("gauge", "--give", f"alliance:{FIRST}", "25", by=HOLDER)
    assert "25 % of its 500,000.0000 FML to alliance:1" in ballot
    desk.wait(7 * DAY)
    assert f"alliance:{FIRST} weighs 150 %" in desk.dao("gauge", "--apply")
    assert "nothing is due" in desk.dao("gauge", "--apply")
    jobs[0].until(2)

    with connected(desk.url) as w3:
        deployment = Deployment.load(tmp_path / "market" / "market.json")
        ledger = Alliance(w3, deployment, development_key(PROPOSER))
        market = AllianceMarket(ledger.sender, deployment.address(ALLIANCE_MARKET))
        emission, day = market.emission, market.emission.today
        stakes = {task: emission.stake_gwei(market.address, task, day) * WEI_PER_GWEI for task in (FIRST, SECOND)}
        assert all(stakes.values())
        before = ledger.state(FIRST).pool_gwei
        left = emission.start_at + (day + 1) * DAY - ledger.now()
    desk.wait(left)
    jobs[0].until(3)

    released = lowered(daily_wei(day), 5_000)
    weights = {FIRST: weighed(stakes[FIRST], 2, 150), SECOND: weighed(stakes[SECOND], 2)}
    share = task_share(split(released, 0, sum(stakes.values()))[1], weights[FIRST], sum(weights.values()))
    with connected(desk.url) as w3:
        rpc, manifest = Rpc(w3), Deployment.load(tmp_path / "market" / "market.json")
        audited = audit_market(NodeSource.connect(rpc), manifest)
    assert audited.books.emission.share((market.address, FIRST), day) == share // WEI_PER_GWEI * WEI_PER_GWEI
    assert jobs[0].reward(3) == (before + share // WEI_PER_GWEI) // 2  # two rounds were left
