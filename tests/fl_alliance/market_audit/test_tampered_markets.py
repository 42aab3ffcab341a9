"""Whatever a chain says that did not happen is found and named: every field of every event, every figure of a view."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tampering import NOBODY, STRANGER, Altered, other, with_event, with_field

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market import FileSource, audit_market
from fl_alliance.audit.market.contracts import creation
from fl_alliance.audit.market.taken import Taken
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.market_events import MarketEvent

UNTOLD = {("DelegationPool", "Approval")}
"""What changes nothing that anybody owns."""
Spot = tuple[str, int]


@pytest.fixture(scope="session")
def deployment(market_source: FileSource) -> Deployment:
    return creation(market_source, None)[0]


@pytest.fixture(scope="session")
def told(market_source: FileSource, deployment: Deployment) -> list[Taken]:
    return list(market_source.transactions(deployment))


def finding(source: Any, deployment: Deployment, what: str = "") -> str:
    """What the audit reports of what was changed; it must report something."""
    try:
        audit_market(source, deployment)
    except DoesNotHold as found:
        return str(found)
    return pytest.fail(f"not found: {what}")


def spots(told: list[Taken]) -> Iterator[tuple[Spot, MarketEvent]]:
    """Every event that says something, and where it is."""
    for taken in told:
        for number, event in enumerate(taken.events):
            if (event.source, event.name) not in UNTOLD:
                yield (taken.tx_hash, number), event


def samples(told: list[Taken]) -> dict[tuple[str, str], list[tuple[Spot, MarketEvent]]]:
    """The first and the last event of each kind, where there are two."""
    found: dict[tuple[str, str], list[tuple[Spot, MarketEvent]]] = {}
    for spot, event in spots(told):
        kept = found.setdefault((event.source, event.name), [])
        kept[1:] = [(spot, event)] if kept else []
        if not kept:
            kept.append((spot, event))
    return found


def test_the_play_holds_and_leaves_every_event_there_is(
    market_source: FileSource, deployment: Deployment, told: list[Taken]
) -> None:
    audit_market(Altered(market_source), deployment)
    unused = {"RoleAdminChanged", "RoleRevoked", "Approval", "EIP712DomainChanged"}
    for contract in ("Arena", "Emission", "DelegationPool"):
        names = {event.name for event in interface(contract).events.values()} - unused
        assert names == {event.name for _, event in spots(told) if event.source == contract}


@pytest.mark.parametrize("contract", ["Arena", "Emission", "DelegationPool", "FML"])
def test_every_field_of_every_event_is_bound(
    market_source: FileSource, deployment: Deployment, told: list[Taken], contract: str
) -> None:
    count = 0
    for (source, name), kept in samples(told).items():
        for spot, event in kept if source == contract else ():
            for field in event.values:
                said = finding(
                    Altered(market_source, with_field(spot, field), told=told), deployment, f"{name}.{field} of {spot}"
                )
                assert said.startswith("block "), (name, field, said)
                count += 1
    assert count >= {"Arena": 150, "Emission": 40, "DelegationPool": 30, "FML": 6}[contract]


def test_an_event_that_is_left_out_or_told_twice_is_found(
    market_source: FileSource, deployment: Deployment, told: list[Taken]
) -> None:
    for (source, name), kept in samples(told).items():
        for change in (lambda event: [], lambda event: [event, event]):
            said = finding(Altered(market_source, with_event(kept[-1][0], change), told=told), deployment)
            assert said.startswith("block "), (source, name, said)


def test_a_transaction_that_is_left_out_is_found(
    market_source: FileSource, deployment: Deployment, told: list[Taken]
) -> None:
    """Every one that changed something: a stake, a share, a request, a role, a balance."""
    count = 0
    for gone in told:
        if any((event.source, event.name) not in UNTOLD for event in gone.events):
            finding(Altered(market_source, told=[taken for taken in told if taken is not gone]), deployment)
            count += 1
    assert count >= 100


def with_data(name: str, change: Any, told: list[Taken]) -> Any:
    """Change the arguments of the first call of a function of the Arena in its transaction's calldata."""
    function = interface("Arena").functions[name]
    first = next(taken for taken in told if taken.data[:4] == function.selector)

    def apply(taken: Taken) -> Taken:
        if taken.tx_hash != first.tx_hash:
            return taken
        args = function.decode(taken.data)
        return replace(taken, data=function.encode(change(args)))

    return apply


@pytest.mark.parametrize("part", range(9))
def test_a_proof_of_another_assignment_is_found(
    market_source: FileSource, deployment: Deployment, told: list[Taken], part: int
) -> None:
    """Each part of a validator's VRF proof but the hints, which are not always there."""

    def change(args: tuple[Any, ...]) -> tuple[Any, ...]:
        proof = list(args[1])
        proof[part] = other(proof[part])
        return (args[0], tuple(proof), *args[2:])

    said = finding(Altered(market_source, told=told, events=with_data("revealScores", change, told)), deployment)
    assert "VRF proof" in said


@pytest.mark.parametrize(
    ("name", "part", "needed"),
    [
        ("revealScores", 2, "its event tells other scores than its call"),
        ("revealScores", 3, "committed was"),
        ("revealSubmission", 1, "its event says"),
        ("revealSubmission", 2, "its event says"),
        ("revealSubmission", 3, "committed was"),
        ("revealDatasetB", 2, "committed was"),
        ("commitSubmission", 1, "its event says"),
        ("commitScores", 1, "its event says"),
        ("stake", 2, "its event says"),
        ("stake", 3, "its event says"),
        ("claim", 1, "its event says"),
    ],
)
def test_calldata_that_does_not_fit_its_event_is_found(
    market_source: FileSource, deployment: Deployment, told: list[Taken], name: str, part: int, needed: str
) -> None:
    def change(args: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*args[:part], other(args[part]), *args[part + 1 :])

    assert needed in finding(Altered(market_source, told=told, events=with_data(name, change, told)), deployment)


@pytest.mark.parametrize("name", ["commitSubmission", "revealScores", "stake", "openPool", "revealSubmission"])
def test_whoever_acts_for_another_is_found(
    market_source: FileSource, deployment: Deployment, told: list[Taken], name: str
) -> None:
    selector = interface("Arena").functions[name].selector
    first = next(taken for taken in told if taken.data[:4] == selector)
    spoofed = [replace(taken, sender=other(taken.sender)) if taken is first else taken for taken in told]
    assert "sent by" in finding(Altered(market_source, told=spoofed), deployment)


def test_what_the_dao_alone_may_do_is_found_where_another_did_it(
    market_source: FileSource, deployment: Deployment, told: list[Taken]
) -> None:
    for contract, name in (("Emission", "lower"), ("Emission", "verify"), ("Arena", "setMinCreatorStake")):
        selector = interface(contract).functions[name].selector
        spoofed = [
            replace(taken, sender=other(taken.sender)) if taken.data[:4] == selector else taken for taken in told
        ]
        assert "does not hold the DAO's role" in finding(Altered(market_source, told=spoofed), deployment)


def test_fml_that_is_minted_outside_of_the_schedule_is_found(
    market_source: FileSource, deployment: Deployment, told: list[Taken]
) -> None:
    """As the token's administrator could, who made itself a minter."""
    spot, event = next(found for found in spots(told) if found[1].source == "FML" and found[1].block > 20)
    minted = replace(event, values={"from": NOBODY, "to": STRANGER, "value": 1})
    change = with_event(spot, lambda before: [before, minted])
    said = finding(Altered(market_source, change, told=told), deployment)
    assert said.startswith(f"block {event.block}, transaction {spot[0]}")
    assert "minted outside of the schedule" in said


VIEWS = """
    params state stakeOf dayState ranking submission validation taskCount minCreatorStakeWei task delegate market
    totalAssets totalSupply sigmaBps balanceOf requestOf books closedDays dayOf factorBps powerHalves totals kindOf
    isVerified stakeGwei hasRole
""".split()  # noqa: SIM905
NOT_COMPARED = {("stakeOf", 5)}
"""What counts today is told by the events of each day."""


@pytest.mark.parametrize("name", VIEWS)
def test_every_figure_that_a_contract_keeps_is_compared(
    market_source: FileSource, deployment: Deployment, told: list[Taken], name: str
) -> None:
    """Each value of every answer: state that no event told of."""
    size = [0]

    def measure(contract: str, view: str, args: tuple[Any, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
        if view == name:
            size[0] = max(size[0], len(_flat(values)))
        return values

    audit_market(Altered(market_source, answers=measure, told=told), deployment)
    assert size[0] > 0
    for index in range(size[0]):
        if (name, index) in NOT_COMPARED:
            continue

        def change(
            contract: str, view: str, args: tuple[Any, ...], values: tuple[Any, ...], at: int = index
        ) -> tuple[Any, ...]:
            flat = list(_flat(values))
            if view != name or at >= len(flat):
                return values
            flat[at] = other(flat[at])
            return tuple(flat) if _is_flat(values) else (tuple(flat),)

        said = finding(Altered(market_source, answers=change, told=told), deployment)
        assert "at the end" in said, said


def _is_flat(values: tuple[Any, ...]) -> bool:
    return not (len(values) == 1 and isinstance(values[0], tuple))


def _flat(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return values if _is_flat(values) else values[0]
