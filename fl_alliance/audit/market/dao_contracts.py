"""That a market's DAO is ours byte for byte and owns what it says, and which of its contracts is where."""

from collections.abc import Mapping

import rlp

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market.created import Created
from fl_alliance.audit.market.dao_books import DaoAddresses
from fl_alliance.audit.market.premises import answers
from fl_alliance.audit.market.source import Source, view
from fl_alliance.chain.deploy import (
    BRAKE,
    DAO,
    DOCUMENTS,
    GAUGES,
    MODELS,
    REVENUE,
    TIMELOCK,
    TOKEN,
    TREASURY,
    VOTES,
    Contract,
    Deployment,
)
from fl_alliance.chain.messages import checksum, checksummed
from fl_alliance.chain.rules.words import address_bytes, keccak

_OWNER = {BRAKE: 0, GAUGES: 4, MODELS: 1, REVENUE: 2, DOCUMENTS: 3}
"""Which argument of a construction is who owns the contract, for good."""
_FIRST = {MODELS: ("setTerms", slice(3, 5)), DOCUMENTS: ("setTerms", slice(5, 7)), REVENUE: ("setSplit", slice(5, 6))}
"""Which arguments of the marketplace's constructions are the terms that a function sets later."""


def with_dao(created: Created, deployment: Deployment) -> Deployment:
    """Return a market with the DAO that was created over its token, and the brake which that owns, where it is one.

    Raises
    ------
    DoesNotHold
        The manifest has one, and not from our code or not of these contracts.
    """
    found = {at: parts for at, name in created.names.items() if name == DAO and (parts := _parts(created, at))}
    fml, votes = checksum(deployment.address(TOKEN)), deployment.contracts.get(VOTES)
    over = {
        at: parts
        for at, parts in found.items()
        if checksum(created.args[at][2]) == fml and (votes is None or parts[VOTES] == checksum(votes.address))
    }
    named = deployment.contracts.get(DAO)
    if named is not None and checksum(named.address) not in over:
        raise DoesNotHold("the chain", f"{DAO} at {named.address} was not created over this market's token and votes")
    if not over:
        return deployment
    at = checksum(named.address) if named is not None else next(iter(over))
    for name, address in over[at].items():
        if name in deployment.contracts and checksum(deployment.address(name)) != address:
            told = f"the manifest's {name} is {deployment.address(name)}"
            raise DoesNotHold("the chain", f"{DAO} at {at} knows {name} at {address}, {told}")
    brakes = _owned(created, over[at][TIMELOCK], BRAKE)
    parts = {DAO: at, **over[at], **({BRAKE: brakes[0]} if len(brakes) == 1 else {})}
    more = {name: Contract(address, "") for name, address in parts.items()}
    return Deployment(deployment.chain_id, deployment.block, more | deployment.contracts)


def dao_addresses(source: Source, deployment: Deployment, created: Created | None) -> DaoAddresses | None:
    """Return where a market's DAO is and what it owns; on a node its contracts say so themselves.

    Raises
    ------
    DoesNotHold
    """
    if DAO not in deployment.contracts:
        return None
    dao, timelock, treasury, votes = (checksum(deployment.address(name)) for name in (DAO, TIMELOCK, TREASURY, VOTES))
    core = {dao, timelock, treasury, votes}
    if created is None:
        _check_parts(source, deployment)
        beside = [name for name in _OWNER if name in deployment.contracts]
        mine = {
            checksum(deployment.address(name)): name for name in beside if _owner(source, deployment, name) == timelock
        }
    else:
        mine = {at: name for name in _OWNER for at in _owned(created, timelock, name)}
    owned = frozenset(core | {at for at, name in mine.items() if name not in _FIRST})
    marketplace = {at: name for at, name in mine.items() if name in _FIRST}
    first = {} if created is None else _first_terms(created, marketplace)
    return DaoAddresses(dao, timelock, treasury, owned, marketplace, first)


def _parts(created: Created, dao: str) -> dict[str, str]:
    """Return what a DAO was created over, with the treasury that its construction created; nothing where not ours."""
    votes, timelock, fml = map(checksum, created.args[dao][:3])
    if (created.names.get(votes), created.names.get(timelock)) != (VOTES, TIMELOCK):
        return {}
    if tuple(map(checksum, created.args[votes][:2])) != (fml, timelock):
        return {}
    treasury = keccak(bytes(rlp.encode([address_bytes(dao), 1])))[-20:]
    return {VOTES: votes, TIMELOCK: timelock, TREASURY: checksummed(treasury)}


def _owned(created: Created, timelock: str, name: str) -> list[str]:
    """Return the contracts of a name that a time lock owns, in the order of their creation."""
    of_name = [at for at, known in created.names.items() if known == name]
    return [at for at in of_name if checksum(created.args[at][_OWNER[name]]) == timelock]


def _first_terms(created: Created, marketplace: Mapping[str, str]) -> dict[tuple[str, bytes], bytes]:
    found: dict[tuple[str, bytes], bytes] = {}
    for at, name in marketplace.items():
        setter, place = _FIRST[name]
        found.update(answers(name, setter, at, created.args[at][place]))
    return found


def _owner(source: Source, deployment: Deployment, name: str) -> str:
    return checksum(view(source, "the DAO", name, deployment.address(name), "dao"))


def _check_parts(source: Source, deployment: Deployment) -> None:
    """Compare what the DAO's contracts on a node say of each other; all of it but the time lock is for good."""
    parts = (
        (DAO, "token", VOTES),
        (DAO, "timelock", TIMELOCK),
        (DAO, "treasury", TREASURY),
        (DAO, "fml", TOKEN),
        (VOTES, "dao", TIMELOCK),
        (VOTES, "fml", TOKEN),
        (TREASURY, "dao", DAO),
        (TREASURY, "timelock", TIMELOCK),
    )
    for contract, name, of in parts:
        found = checksum(view(source, "the DAO", contract, deployment.address(contract), name))
        if found != checksum(deployment.address(of)):
            needed = deployment.address(of)
            raise DoesNotHold("the DAO", f"{contract}.{name} is {found}, the manifest says {needed}")
