"""That a market's contracts are ours byte for byte, and what their construction fixed."""

from collections.abc import Mapping
from typing import Any

from fl_alliance.audit.contracts import compiled
from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.audit.market.created import Created, created_in, ours
from fl_alliance.audit.market.dao_contracts import dao_addresses, with_dao
from fl_alliance.audit.market.polls import PollAddresses
from fl_alliance.audit.market.source import Source, view
from fl_alliance.audit.market.step import Addresses
from fl_alliance.chain.deploy import (
    ALLIANCE_MARKET,
    ARENA,
    BRAKE,
    EMISSION,
    GAUGES,
    MARKET,
    MODELS,
    POOLS,
    REVENUE,
    RULES,
    TOKEN,
    VOTES,
    Contract,
    Deployment,
)
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.words import address_bytes, keccak

_CLONE = ("363d3d373d3d3d363d73", "5af43d82803e903d91602b57fd5bf3")
"""The code of a minimal proxy, before and behind the address that it calls (ERC-1167)."""


def deployment_in(created: Created, chain_id: int) -> Deployment | None:
    """Return the first market that was created on a chain, None where there is none."""
    arena = created.first(ARENA)
    if arena is None:
        return None
    emission, pools, *_ = created.args[arena]
    contracts = {ARENA: arena, EMISSION: checksum(emission), POOLS: checksum(pools)}
    if contracts[EMISSION] in created.args:
        contracts[TOKEN] = checksum(created.args[contracts[EMISSION]][0])
    libraries = {name: address for address, name in created.names.items() if name not in (*MARKET, TOKEN)}
    return Deployment(
        chain_id, created.blocks[arena], {name: Contract(at, "") for name, at in (contracts | libraries).items()}
    )


def with_alliance(created: Created, deployment: Deployment) -> Deployment:
    """Return a market with what pays an Alliance's tasks, where that was created over it and a manifest lacks it.

    Raises
    ------
    DoesNotHold
        The manifest has one, and not from our code or not of these contracts.
    """
    found = [
        address
        for address, name in created.names.items()
        if name == ALLIANCE_MARKET and _pays_of(created, address, deployment) is not None
    ]
    named = deployment.contracts.get(ALLIANCE_MARKET)
    if named is not None and checksum(named.address) not in found:
        raise DoesNotHold("the chain", f"{ALLIANCE_MARKET} at {named.address} was not created over this market's parts")
    if not found:
        return deployment
    at = checksum(named.address) if named is not None else found[0]
    alliance = str(_pays_of(created, at, deployment))
    if deployment.has_alliance and checksum(deployment.alliance) != alliance:
        told = f"the manifest's Alliance is {deployment.alliance}"
        raise DoesNotHold("the chain", f"{ALLIANCE_MARKET} pays tasks of {alliance}, {told}")
    more = {ALLIANCE_MARKET: Contract(at, ""), created.names[alliance]: Contract(alliance, "")}
    return Deployment(deployment.chain_id, deployment.block, more | deployment.contracts)


def _pays_of(created: Created, market: str, deployment: Deployment) -> str | None:
    """Return the Alliance, from our code, whose tasks a market pays; None where it is not over these contracts."""
    alliance, emission, pools = map(checksum, created.args[market])
    ours = (checksum(deployment.emission), checksum(deployment.address(POOLS)))
    return alliance if (emission, pools) == ours and created.names.get(alliance) in RULES.values() else None


def with_polls(created: Created, deployment: Deployment) -> Deployment:
    """Return a market with the gauges that were created over its emission and what is locked to vote there.

    Raises
    ------
    DoesNotHold
        The manifest has some, and not from our code or not of these contracts.
    """
    emission = checksum(deployment.emission)
    over = {at: list(map(checksum, created.args[at][:4])) for at, name in created.names.items() if name == GAUGES}
    found = {at: parts for at, parts in over.items() if parts[1] == emission and created.names.get(parts[0]) == VOTES}
    named = deployment.contracts.get(GAUGES)
    if named is not None and checksum(named.address) not in found:
        raise DoesNotHold("the chain", f"{GAUGES} at {named.address} was not created over this market's emission")
    if not found:
        return deployment
    at = checksum(named.address) if named is not None else next(iter(found))
    votes, _, models, revenue = found[at]
    parts = {GAUGES: at, VOTES: votes, MODELS: models, REVENUE: revenue}
    for name, address in parts.items():
        if name in deployment.contracts and checksum(deployment.address(name)) != address:
            told = f"the manifest's {name} is {deployment.address(name)}"
            raise DoesNotHold("the chain", f"{GAUGES} at {at} knows {name} at {address}, {told}")
    more = {name: Contract(address, "") for name, address in parts.items()}
    return Deployment(deployment.chain_id, deployment.block, more | deployment.contracts)


def check_created(created: Created, deployment: Deployment) -> None:
    """Refuse contracts of a market that no transaction created from our code, or that do not belong together.

    What a construction writes, first balances and roles, is what our code writes only then.

    Raises
    ------
    DoesNotHold
    """
    at = {name: checksum(deployment.address(name)) for name in (TOKEN, *MARKET) if name in deployment.contracts}
    for name in (TOKEN, *MARKET):
        if name not in at or created.names.get(at[name]) != name:
            raise DoesNotHold(
                "the chain", f"no transaction on it created {name} at {at.get(name)} from our compiled code"
            )
    _belong(at, created.args)


def _belong(at: Mapping[str, str], args: Mapping[str, tuple[Any, ...]]) -> None:
    token, _, _ = args[at[EMISSION]]
    pool_token, _ = args[at[POOLS]]
    emission, pools, _, _ = args[at[ARENA]]
    for what, found, needed in (
        ("the emission's token", token, at[TOKEN]),
        ("the pools' token", pool_token, at[TOKEN]),
        ("the Arena's emission", emission, at[EMISSION]),
        ("what the Arena's pools are clones of", pools, at[POOLS]),
    ):
        if checksum(found) != needed:
            raise DoesNotHold("the chain", f"{what} is {checksum(found)}, the market's is {needed}")


def check_code(source: Source, deployment: Deployment, where: Where) -> None:
    """Compare the code at a market's addresses with the compiled one, and with what the manifest says.

    Raises
    ------
    DoesNotHold
    """
    for name, contract in deployment.contracts.items():
        if name not in ours():
            continue
        code = source.code(contract.address)
        at = compiled(name).runtime_differs_at(code)
        if at is not None:
            raise DoesNotHold(where, f"{name} at {contract.address}: byte {at} of its code is not as compiled")
        found = "0x" + keccak(code).hex()
        if contract.code_hash not in ("", found):
            raise DoesNotHold(where, f"{name}: the manifest says code hash {contract.code_hash}, the chain has {found}")


def check_clone(source: Source, pool: str, implementation: str, where: Where) -> None:
    """Refuse a pool that is not a clone of the market's pools."""
    needed = bytes.fromhex(_CLONE[0]) + address_bytes(implementation) + bytes.fromhex(_CLONE[1])
    if source.code(pool) != needed:
        raise DoesNotHold(where, f"the pool at {pool} is no clone of {implementation}")


def check_brake(source: Source, brake: str, where: Where) -> None:
    """Refuse a brake that is not our compiled code."""
    at = compiled(BRAKE).runtime_differs_at(source.code(brake))
    if at is not None:
        raise DoesNotHold(where, f"the brake at {brake}: byte {at} of its code is not as compiled")


def addresses_of(source: Source, deployment: Deployment, created: Created | None) -> Addresses:
    """Return where a market is and what its construction fixed: from its creation, or, on a node, from its code.

    Raises
    ------
    DoesNotHold
    """
    fml, emission, arena, pools = (checksum(deployment.address(name)) for name in (TOKEN, EMISSION, ARENA, POOLS))
    if created is not None:
        start_at, delay, least = created.args[emission][1], created.args[pools][1], created.args[arena][2]
    else:
        start_at = view(source, "the emission", EMISSION, emission, "startAt")
        delay = view(source, "the pools", POOLS, pools, "withdrawalDelayS")
        least = 0
        _check_parts(source, fml, emission, arena, pools)
    parts = (source.chain_id, fml, emission, arena, pools, start_at, delay, least)
    brake = checksum(deployment.address(BRAKE)) if BRAKE in deployment.contracts else None
    votes = checksum(deployment.address(VOTES)) if VOTES in deployment.contracts else None
    polls = _polls(source, deployment, is_seen=created is not None)
    dao = dao_addresses(source, deployment, created)
    if ALLIANCE_MARKET not in deployment.contracts or not deployment.has_alliance:
        return Addresses(*parts, brake=brake, votes=votes, polls=polls, dao=dao)
    market, alliance = checksum(deployment.address(ALLIANCE_MARKET)), checksum(deployment.alliance)
    if created is None:
        _check_alliance_market(source, market, alliance, emission, pools)
    return Addresses(*parts, market, alliance, deployment.contract, brake=brake, votes=votes, polls=polls, dao=dao)


def _polls(source: Source, deployment: Deployment, is_seen: bool) -> PollAddresses | None:
    """Return where the gauges and what they count are; on a node they say so themselves, and none of it can change."""
    if GAUGES not in deployment.contracts:
        return None
    votes, gauges, models, revenue = (checksum(deployment.address(name)) for name in (VOTES, GAUGES, MODELS, REVENUE))
    needed = {"votes": votes, "emission": checksum(deployment.emission), "models": models, "revenue": revenue}
    for name, address in () if is_seen else needed.items():
        found = checksum(view(source, "the gauges", GAUGES, gauges, name))
        if found != address:
            raise DoesNotHold("the gauges", f"{GAUGES}.{name} is {found}, the manifest says {address}")
    return PollAddresses(gauges, models, revenue)


def _check_alliance_market(source: Source, market: str, alliance: str, emission: str, pools: str) -> None:
    """Compare what the market of an Alliance's tasks says of the others on a node."""
    for name, needed in (("alliance", alliance), ("emission", emission), ("pools", pools)):
        found = checksum(view(source, "the market", ALLIANCE_MARKET, market, name))
        if found != needed:
            raise DoesNotHold("the market", f"{ALLIANCE_MARKET}.{name} is {found}, the manifest says {needed}")


def _check_parts(source: Source, fml: str, emission: str, arena: str, pools: str) -> None:
    """Compare what contracts on a node say of each other; none of it can change."""
    for contract, address, name, needed in (
        (EMISSION, emission, "fml", fml),
        (POOLS, pools, "asset", fml),
        (ARENA, arena, "fml", fml),
        (ARENA, arena, "emission", emission),
        (ARENA, arena, "poolImplementation", pools),
    ):
        found = checksum(view(source, "the market", contract, address, name))
        if found != needed:
            raise DoesNotHold("the market", f"{contract}.{name} is {found}, the manifest says {needed}")


def creation(source: Source, deployment: Deployment | None) -> tuple[Deployment, Created | None]:
    """Return the market to verify, and its creation as far as the source shows it.

    Raises
    ------
    DoesNotHold
        There is none, or not from our code.
    """
    if source.blocks is None:
        if deployment is None:
            raise DoesNotHold("the node", "which market on it is meant, no manifest says")
        return deployment, None
    created = created_in(source.blocks)
    chosen = deployment or deployment_in(created, source.chain_id)
    if chosen is None:
        raise DoesNotHold("the chain", "no contract on it is the Arena as this version compiles it")
    check_created(created, chosen)
    return with_dao(created, with_polls(created, with_alliance(created, chosen))), created
