"""The split of what the emission pays a task of FL Alliance is recomputed to the wei, from a real run's chain alone."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from paid_run import DELEGATED_WEI, DELEGATOR, TASK, Place, keep, open_pool
from tampering import Altered, other, with_event, with_field

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market import FileSource, NodeSource, audit_market
from fl_alliance.audit.market.contracts import creation
from fl_alliance.audit.market.taken import Taken
from fl_alliance.chain.alliance_market import AllianceMarket
from fl_alliance.chain.codec import interface
from fl_alliance.chain.connect import advance_to, connected
from fl_alliance.chain.deploy import ALLIANCE_MARKET, ARENA, EMISSION, Deployment
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender

Spot = tuple[str, int]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A run over four days of the emission: a delegator earns, leaves before it is paid once, and the task ends."""
    place = Place(tmp_path_factory.mktemp("paid"), "rule=majority")
    place.words.append("rule.reward=stake")
    place.go_on(1)
    with place.opened() as (ledger, market):
        open_pool(place, ledger, market)
    place.go_on(2)
    place.end_day(0)
    place.go_on(3)
    with place.opened() as (ledger, market):
        [delegate] = market.delegates(TASK)
        pool = AllianceMarket(Sender(ledger.w3, DELEGATOR), market.address).pool(TASK, delegate)
        assert pool is not None
        pool.request_redeem(pool.shares)
        advance_to(ledger.w3, place.start_at + 2 * 86_400 + 3_600)
        market.emission.catch_up(ledger.now())
        market.draw_due(TASK, ledger.now())
        assert pool.redeem() > DELEGATED_WEI
        assert market.claim(TASK, delegate) > 0  # burned: nobody has a share of the pool any more
        market.note(TASK)  # with nothing to write down, or a stake alone
    place.go_on(is_stopped=False)
    keep(place)
    return place


@pytest.fixture(scope="module")
def source(place: Place) -> FileSource:
    return FileSource.open(place.market / "chain.db", executes=False)


@pytest.fixture(scope="module")
def deployment(source: FileSource) -> Deployment:
    return creation(source, None)[0]


@pytest.fixture(scope="module")
def told(source: FileSource, deployment: Deployment) -> list[Taken]:
    return list(source.transactions(deployment))


def finding(source: Any, deployment: Deployment, what: object) -> str:
    """What the audit reports of what was changed; it must report something."""
    try:
        audit_market(source, deployment)
    except DoesNotHold as found:
        return str(found)
    return pytest.fail(f"not found: {what}")


def samples(told: list[Taken]) -> Iterator[tuple[Spot, MarketEvent]]:
    """All events of the Alliance's market, and the emission's of its tasks."""
    for taken in told:
        for number, event in enumerate(taken.events):
            is_of_task = event.source == EMISSION and event.name in ("ShareDrawn", "TaskSynced")
            if event.source == ALLIANCE_MARKET or is_of_task:
                yield (taken.tx_hash, number), event


def test_the_run_holds_and_leaves_every_event_there_is(
    place: Place, source: FileSource, deployment: Deployment, told: list[Taken]
) -> None:
    audited = audit_market(FileSource.open(place.market / "chain.db"))
    assert audited.deployment.address(ALLIANCE_MARKET) == deployment.address(ALLIANCE_MARKET)
    names = {event.name for event in interface(ALLIANCE_MARKET).events.values()}
    assert {event.name for _, event in samples(told) if event.source == ALLIANCE_MARKET} == names
    burned = [event.values["burned"] for _, event in samples(told) if event.name == "RewardClaimed"]
    assert set(burned) == {False, True}
    splits = [event.values for _, event in samples(told) if event.name == "RewardSplit"]
    assert any(split["fundedWei"] == 0 for split in splits)  # what came after the end
    assert any(split["fundedWei"] and split["delegatedWei"] for split in splits)
    books = audited.books.alliance
    assert books is not None
    assert [paid.delegated_wei for paid in books.tasks[TASK].rewards] == [
        split["delegatedWei"] for split in splits if split["delegatedWei"]
    ]
    assert audited.books.counts.claims >= 2


def test_a_market_whose_manifest_is_older_than_its_alliance_is_audited_with_it(
    source: FileSource, deployment: Deployment
) -> None:
    kept = {name: contract for name, contract in deployment.contracts.items() if "Alliance" not in name}
    older = Deployment(deployment.chain_id, deployment.block, kept)
    assert audit_market(Altered(source), older).books.alliance is not None


def test_a_node_that_tells_the_same_is_audited_alike(place: Place) -> None:
    with connected(place.url) as w3:
        manifest = Deployment.load(place.market / "market.json")
        audited = audit_market(NodeSource.connect(Rpc(w3)), manifest)
    assert audited.books.alliance is not None
    assert audited.books.alliance.tasks[TASK].rewards


def test_every_field_of_every_event_is_bound(source: FileSource, deployment: Deployment, told: list[Taken]) -> None:
    changed: Counter[str] = Counter()
    for spot, event in samples(told):
        if changed[event.name] >= 2 * len(event.values) and event.name in ("DelegationCounted", "TaskSynced"):
            continue
        for field in event.values:
            altered = Altered(source, with_field(spot, field), told=told)
            assert finding(altered, deployment, (event.name, field, spot)).startswith("block ")
            changed[event.name] += 1
    assert changed["RewardSplit"] >= 15
    assert all(changed[name] for name in ("PoolOpened", "DelegationCounted", "AcceptanceNoted", "RewardClaimed"))


def test_an_event_that_is_left_out_or_told_twice_is_found(
    source: FileSource, deployment: Deployment, told: list[Taken]
) -> None:
    last = {event.name: (spot, event) for spot, event in samples(told)}
    for name, (spot, _) in last.items():
        for change in (lambda event: [], lambda event: [event, event]):
            finding(Altered(source, with_event(spot, change), told=told), deployment, name)


def test_what_the_alliance_did_is_not_the_markets_word(
    source: FileSource, deployment: Deployment, told: list[Taken]
) -> None:
    """A round, a registration or a funding that is left out changes stakes, days or pools, and is found."""
    steps = [taken for taken in told if taken.steps]
    assert len(steps) > 10
    for gone in steps:
        finding(Altered(source, told=[taken for taken in told if taken is not gone]), deployment, gone.tx_hash)


def test_every_figure_of_the_alliances_market_is_compared(
    source: FileSource, deployment: Deployment, told: list[Taken]
) -> None:
    asked: Counter[str] = Counter()

    def count(contract: str, name: str, args: tuple[Any, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
        asked[name] += contract == ALLIANCE_MARKET
        return values

    audit_market(Altered(source, told=told, answers=count), deployment)
    views = {"delegatesOf", "rewardsOf", "delegatedWei", "stakeWei"}
    views |= {"acceptedAt", "delegationOf", "claimableWei", "weightAt"}
    assert views <= {name for name, times in asked.items() if times}
    for view in views:

        def lie(contract: str, name: str, args: tuple[Any, ...], values: tuple[Any, ...], view: str = view) -> Any:
            return tuple(map(other, values)) if (contract, name) == (ALLIANCE_MARKET, view) else values

        finding(Altered(source, told=told, answers=lie), deployment, view)


def test_a_manifest_of_another_alliances_market_is_refused(source: FileSource, deployment: Deployment) -> None:
    contracts = deployment.contracts | {ALLIANCE_MARKET: deployment.contracts[ARENA]}
    wrong = Deployment(deployment.chain_id, deployment.block, contracts)
    assert "was not created over this market's parts" in finding(source, wrong, "another address")
