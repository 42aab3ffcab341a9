"""Gauges: what was voted and what it moves is on the page, and a ballot is what the client would cast."""

from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import assembly
import bazaar
import console_stage
import pytest
from fair import PARAMS

from fl_alliance.arena.store import open_store
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import ARENA, EMISSION, GAUGES, MODELS, TREASURY
from fl_alliance.chain.emission import EmissionView
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.gauges import Choice, Gauges, GaugesView
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.console.deciding import MOST_CHOICES
from fl_alliance.console.serving import served
from fl_alliance.marketplace.lineage import Lineage

if TYPE_CHECKING:
    from conftest import Console

LARGE, HOST, STRANGER = assembly.LARGE, bazaar.HOST, assembly.GUARDIAN
BUDGET_WEI = 1_000 * WEI_PER_FML


def verified_task(stage: "console_stage.Stage") -> Choice:
    """An Arena task that a proposal has verified; the same proposal pays models a budget."""
    today = EmissionView(stage.dao.rpc, stage.deployment.emission).today
    params = replace(PARAMS, first_day=today + 1, day_count=200)
    task = Arena(stage.bazaar.sender(assembly.SMALL), stage.deployment.arena).create_task(params)
    gauges = stage.deployment.address(GAUGES)
    stage.dao.pass_(
        stage.dao.call(EMISSION, "verify", stage.deployment.arena, task),
        stage.dao.call(TREASURY, "spend", stage.deployment.fml, gauges, BUDGET_WEI),
    )
    return Choice(stage.deployment.address(ARENA), task, 2_000)


def model(stage: "console_stage.Stage") -> Choice:
    return Choice(stage.deployment.address(MODELS), 1, 2_500)


def next_epoch(stage: "console_stage.Stage") -> None:
    view = GaugesView(stage.dao.rpc, stage.deployment)
    stage.dao.wait(view.ends_at(view.epoch) - stage.dao.rpc.second())


def cells(page: str, name: str) -> list[str]:
    """The cells of a gauge's row, without markup."""
    row = next(row for row in page.split("<tr>") if f">{name}<" in row.split("</th>")[0])
    return [unescape(cell.split("</td>")[0]).strip() for cell in row.split("<td")[1:]]


def figures(page: str, name: str) -> list[str]:
    return [cell.partition(">")[2] for cell in cells(page, name)]


def test_the_page_follows_votes_from_the_first_to_what_is_paid(console: "Console") -> None:
    stage = console.stage
    assert "--spend gauges" in console.get("/dao/gauges").text
    task = verified_task(stage)
    next_epoch(stage)
    console.read()
    first = unescape(console.get("/dao/gauges").text)
    assert "No vote yet, this week or last." in first
    assert "--spend gauges" not in first
    assert "A voter gives one task or model at most 25 % of its votes" in first
    assert "its share of all votes for its kind, at most 30 %." in first
    gauges = Gauges(stage.bazaar.sender(LARGE), stage.deployment)
    gauges.vote([task, model(stage)])
    console.read()
    running = console.get("/dao/gauges").text
    assert "No vote yet" not in running
    nothing = ["0.00", "0.0 %"]
    # 120,000 votes of 200,000, the floor of a fifth of a million, are 60 %, of which 30 count.
    assert figures(running, "arena:1") == [
        *nothing,
        "stake weighs 100 %",
        "120,000.00",
        "30.0 %",
        "stake weighs 150 %",
    ]
    assert figures(running, "model:1") == [*nothing, "nothing", "150,000.00", "30.0 %", "300.00 FML"]
    next_epoch(stage)
    console.read()
    due = console.get("/dao/gauges").text
    assert figures(due, "arena:1")[:3] == ["120,000.00", "30.0 %", "stake weighs 100 %, due: 150 %"]
    assert figures(due, "model:1")[:3] == ["150,000.00", "30.0 %", "due: 300.00 FML"]
    assert "fl-alliance dao gauge --apply" in due
    gauges.weigh(task.source, task.number)
    assert gauges.pay(1) == 300 * WEI_PER_FML
    console.read()
    done = console.get("/dao/gauges").text
    assert figures(done, "arena:1")[2:] == ["stake weighs 150 %", *nothing, "stake weighs 100 %"]
    assert figures(done, "model:1")[2:] == ["paid 300.00 FML", *nothing, "0.00 FML"]
    assert "--apply" not in done


def test_trending_models_stand_beside_by_their_titles_which_stay_text(console: "Console") -> None:
    stage = console.stage
    assert "Nobody has paid for a call in the last 30 days." in console.get("/dao/gauges").text
    title = Lineage("tabular", {}, "<b>glucose</b>", "", {}).encode()
    lineage = open_store(str(stage.store), {}).put(title).digest
    shop = stage.bazaar
    number = shop.models().list(bazaar.CARD, bazaar.CARD, lineage, bazaar.PRICE_WEI, bazaar.TERMS.host_stake_wei)
    Fml(shop.sender(bazaar.CALLER), shop.deployment.fml).transfer(shop.revenue().till(number), WEI_PER_FML)
    shop.revenue().sweep(number)
    console.read()
    for path in ("/dao/gauges", "/marketplace", f"/marketplace/{number}"):
        page = console.get(path).text
        assert "&lt;b&gt;glucose&lt;/b&gt;" in page, path
        assert "<b>" not in page, path
    beside = console.get("/dao/gauges").text.partition("Trending models")[2]
    assert f'<a href="/marketplace/{number}">Model {number}</a>' in beside
    assert '<span class="n">trend 1.0000</span>' in beside
    assert "/marketplace/1" not in beside


def test_a_market_without_gauges_says_so_and_takes_no_ballot(stage: "console_stage.Stage", tmp_path: Path) -> None:
    contracts = {name: each for name, each in stage.deployment.contracts.items() if name != GAUGES}
    sources = replace(stage, deployment=replace(stage.deployment, contracts=contracts)).sources(tmp_path)
    console_stage.read_all(sources)
    with served(sources) as url:
        page = console_stage.ask(f"{url}dao/gauges")
        fields = {"account": LARGE.address, "gauge1": "model:1", "percent1": "5"}
        ballot = console_stage.ask(f"{url}sign/gauge", fields)
    assert (page.code, "DAO was made without gauges" in page.text) == (200, True)
    assert "hands it over to a DAO" not in page.text
    assert (ballot.code, "This market has no gauges" in ballot.text) == (400, True)
    for source in sources.followed:
        source.feed.index.close()


def test_nothing_to_vote_for_is_told_with_what_changes_that(console: "Console") -> None:
    console.stage.bazaar.models(HOST).close(1)
    console.read()
    page = console.get("/dao/gauges").text
    assert "there is nothing to vote for" in page
    assert "/sign/gauge" not in page


@pytest.mark.parametrize("order", [("arena:1", "model:1"), ("model:1", "arena:1")])
def test_a_ballot_is_the_call_that_the_client_makes_in_any_order(console: "Console", order: tuple[str, str]) -> None:
    stage = console.stage
    task = verified_task(stage)
    next_epoch(stage)
    console.read()
    percents = {"arena:1": "20", "model:1": "25"}
    fields = {f"gauge{n}": name for n, name in enumerate(order, 1)}
    fields |= {f"percent{n}": percents[name] for n, name in enumerate(order, 1)}
    answer = console.post("/sign/gauge", account=LARGE.address, **fields)
    ((to, data),) = console_stage.steps(answer.text)
    text = unescape(answer.text)
    assert f"{LARGE.address} votes with 600,000.0000 FML" in text
    assert "20 % of them, 120,000.0000 FML, go to arena:1." in text
    assert "55 % are not used." in text
    assert "would refuse" not in text
    assert " ".join(["fl-alliance dao gauge", *(f"--give {name} {percents[name]}" for name in order)]) in text
    sent = Gauges(stage.bazaar.sender(LARGE), stage.deployment).vote([task, model(stage)])
    cast = stage.dao.rpc("eth_getTransactionByHash", sent.tx_hash)
    assert (cast["to"].lower(), cast["input"].removeprefix("0x")) == (to.lower(), data.hex())


def test_what_the_chain_would_refuse_of_a_ballot_is_told_before_it_is_signed(console: "Console") -> None:
    stage = console.stage
    next_epoch(stage)

    def told(account: str, gauge: str = "model:1") -> str:
        return unescape(console.post("/sign/gauge", account=account, gauge1=gauge, percent1="5").text)

    assert "NoVotes" in told(STRANGER.address)
    assert "NoGauge" in told(LARGE.address, "arena:9")
    # A host with votes may not give them to its own model.
    votes = stage.dao.by(HOST).votes
    votes.lock(WEI_PER_FML)
    next_epoch(stage)
    assert "OwnGauge" in told(HOST.address)
    assert "would refuse" not in told(LARGE.address)
    Gauges(stage.bazaar.sender(LARGE), stage.deployment).vote([model(stage)])
    assert "AlreadyVoted" in told(LARGE.address)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "no choice: needs a task or model and a percentage"),
        ({"gauge1": "model:1"}, "choice 1, 'model:1': needs both"),
        ({"percent2": "5"}, "choice 2, '5': needs both"),
        ({"gauge1": "model:1", "percent1": "25.01"}, "model:1 25.01 %: needs at most 25 % for one gauge"),
        ({"gauge1": "model:1", "percent1": "nan"}, "needs percent of your votes, 0.01 to 100"),
        ({"gauge1": "model:1", "percent1": "-5"}, "needs percent of your votes, 0.01 to 100"),
        ({"gauge1": "<b>:1", "percent1": "5"}, "needs a task or model, such as"),
        ({"gauge1": "model:1", "percent1": "5", "gauge2": "model:1", "percent2": "6"}, "model:1 twice: needs each"),
        (
            {f"{name}{n}": value for n in range(1, 6) for name, value in (("gauge", f"model:{n}"), ("percent", "21"))},
            "105 % in all: needs at most 100 %",
        ),
        ({"gauge1": "model:1", "percent1": "5", "account": ""}, "needs the address that signs"),
    ],
)
def test_a_ballot_that_cannot_be_cast_is_refused_with_what_is_needed(
    console: "Console", fields: dict[str, str], said: str
) -> None:
    answer = console.post("/sign/gauge", **({"account": LARGE.address} | fields))
    assert answer.code == 400
    assert said.lower() in unescape(answer.text).lower()
    assert "<b>" not in answer.text
    assert not console_stage.steps(answer.text)


def test_a_form_takes_as_many_choices_as_it_shows(console: "Console") -> None:
    names = [f"model:{n}" for n in range(1, MOST_CHOICES + 1)]
    fields = {f"gauge{n}": name for n, name in enumerate(names, 1)}
    fields |= {f"percent{n}": "12.5" for n in range(1, MOST_CHOICES + 1)}
    ((_, data),) = console_stage.steps(console.post("/sign/gauge", account=LARGE.address, **fields).text)
    (choices,) = interface(GAUGES).functions["vote"].decode(data)
    assert len(choices) == MOST_CHOICES  # type: ignore[arg-type]
