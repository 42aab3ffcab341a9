"""The Arena's pages over a task that was played: who is best, who earned what, and delegating to them."""

from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import console_stage
import fair
import pytest
from console_stage import steps

from fl_alliance.arena.kinds.base import Budget
from fl_alliance.arena.store import open_store
from fl_alliance.arena.task import TaskSpec
from fl_alliance.chain.arena_types import Role
from fl_alliance.chain.types import WEI_PER_FML as FML
from fl_alliance.console.fair import Fair
from fl_alliance.console.market import MarketFeed
from fl_alliance.console.serving import served
from fl_alliance.console.sources import MarketSource, Sources

NODE, RIVAL = fair.NODES
SPEC = TaskSpec(
    title="Blood glucose, half an hour ahead",
    kind=fair.PARAMS.kind,
    options={"workload": "glucose"},
    train=fair.keccak(b"train"),
    dataset_a=fair.PARAMS.dataset_a,
    dataset_b=fair.PARAMS.dataset_b,
    base_model=fair.PARAMS.base_model,
    budget=Budget(steps=10, batch_size=8, learning_rate=0.1),
    max_parameters=fair.PARAMS.max_parameters,
    max_bytes=1_000_000,
)


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Sources, "fair.Fair"]]:
    """A task with one day settled and paid to one node, served; its two nodes take delegators."""
    folder = tmp_path_factory.mktemp("arena")
    store = open_store(str(folder / "store"), {})
    assert store.put(SPEC.encode()).digest == SPEC.digest
    with fair.deployed_fair() as market:
        task = fair.Task.created(market, replace(fair.PARAMS, spec_digest=SPEC.digest, day_count=2))
        for node, sigma_bps in ((NODE, 4_000), (RIVAL, 0)):
            market.arena(node).open_pool(task.number, sigma_bps)
        task.submit()
        task.score(0, 13_000, 14_500)
        task.settle(0)
        task.close(0)
        market.arena(fair.OUTSIDER).claim(task.number, 0, NODE.address)
        feed = MarketFeed(market.deployment, market.rpc, folder / "market.db")
        source = MarketSource("memory://", feed, Fair(market.rpc, store, feed))
        sources = Sources({}, source)
        console_stage.read_all(sources)
        with served(sources) as url:
            yield url.rstrip("/"), sources, market
        feed.index.close()


def test_the_leaderboard_says_who_is_best_and_who_earned_what(arena: tuple[str, Sources, "fair.Fair"]) -> None:
    url, _, market = arena
    assert SPEC.title in console_stage.ask(f"{url}/arena").text
    text = unescape(console_stage.ask(f"{url}/arena/1").text)
    assert text.index(NODE.address) < text.index(RIVAL.address)
    assert "RMSE 13.000 mg/dL" in text
    assert "day 0" in text
    assert "nobody" not in text.lower().split("who takes delegators")[0]
    assert "keeps 40.0 %" in text
    assert console_stage.ask(f"{url}/arena/1?day=7").code == 404
    assert market.arena(NODE).stake_of(1, NODE.address).role is Role.NODE


def test_the_ledger_says_by_which_share_a_node_was_paid(arena: tuple[str, Sources, "fair.Fair"]) -> None:
    url, _, _ = arena
    text = unescape(console_stage.ask(f"{url}/ledger/{NODE.address}").text)
    assert "for day 0 of task 1, " in text
    assert "that nodes got that day" in text
    assert "staked 1,000.0000 FML as node in task 1" in text
    assert "handed in a model on day 0 of task 1, place 0, with the fee" in text


def test_delegating_is_an_allowance_and_a_deposit_and_comes_back(arena: tuple[str, Sources, "fair.Fair"]) -> None:
    url, sources, market = arena
    who = fair.DELEGATOR
    fields = {"task": "1", "node": NODE.address, "amount": "250", "account": who.address}
    page = console_stage.ask(f"{url}/sign/delegate", fields)
    text = unescape(page.text)
    assert f"Puts 250.0000 FML of {who.address} behind {NODE.address} in task 1." in text
    assert "It keeps 40 % of what they earn" in text
    assert f"fl-alliance arena delegate 1 {NODE.address} 250" in text
    before = market.arena(NODE).stake_of(1, NODE.address).delegated_wei
    for to, data in steps(page.text):
        market.sender(who).send(to, data, 500_000, "as the wallet would")
    assert market.arena(NODE).stake_of(1, NODE.address).delegated_wei == before + 250 * FML
    console_stage.read_all(sources)
    assert "250.00" in console_stage.ask(f"{url}/arena/1").text
    back = console_stage.ask(f"{url}/sign/undelegate", fields)
    ((to, data),) = steps(back.text)
    market.sender(who).send(to, data, 500_000, "as the wallet would")
    assert "delegated 250.0000 FML to" in unescape(console_stage.ask(f"{url}/ledger/{who.address}").text)
    nothing = fields | {"node": RIVAL.address}
    assert "has nothing behind" in unescape(console_stage.ask(f"{url}/sign/undelegate", nothing).text)
