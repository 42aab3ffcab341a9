"""From a grounded action to the transactions that do it: targets and calldata, made before anything is shown."""

from dataclasses import dataclass

from fl_alliance.agent.errors import WouldFail
from fl_alliance.agent.tools import (
    Action,
    AllianceTask,
    AnyTask,
    Appear,
    Claim,
    Delegate,
    Lock,
    Rate,
    Stake,
    Transfer,
    Undelegate,
    Unlock,
    Unstake,
    Vote,
)
from fl_alliance.arena.claims import due
from fl_alliance.chain.arena_types import Role
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.dao import DaoView
from fl_alliance.chain.deploy import ARENA, DAO, MODELS, POOLS, TOKEN, VOTES
from fl_alliance.chain.errors import ContractMissing
from fl_alliance.chain.pools import DelegationPool
from fl_alliance.market.alliances import open_alliance
from fl_alliance.market.place import Place

GAS = 700_000
"""Limit of every transaction; what is not used is not paid."""
MOST_DAYS = 10
"""Of which one request claims."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction as it will be signed; no coin goes with it. `label` names it in errors."""

    to: str
    data: bytes
    label: str


def transactions_of(action: Action, place: Place) -> tuple[Transaction, ...]:
    """Return an action's transactions, in order: an allowance of exactly the amount before what takes it.

    Raises
    ------
    WouldFail
        There is nothing that the action could be done to: no pool, no proposal of that number, nothing delegated.
    Refused
        A contract refuses to tell of it, such as of a task that is not there.
    """
    match action:
        case Transfer(to, amount_wei):
            return (_token(place, "transfer", to, amount_wei),)
        case Stake(task, amount_wei):
            arena, mine = place.arena.address, place.arena.my(task)
            role = Role.NODE if mine.role is Role.NONE else mine.role
            stake = _call(place, ARENA, arena, "stake", task, int(role), amount_wei, mine.lock_days, 0)
            return (_allowance(place, arena, amount_wei), stake)
        case Unstake(task):
            return (_call(place, ARENA, place.arena.address, "unlock", task, place.me),)
        case Claim(task):
            days = _due(place, task)
            return tuple(_call(place, ARENA, place.arena.address, "claim", task, day, place.me) for day in days)
        case Lock(amount_wei):
            votes = _address(place, VOTES, "DAO")
            return (_allowance(place, votes, amount_wei), _call(place, VOTES, votes, "lock", amount_wei))
        case Unlock(amount_wei):
            return (_call(place, VOTES, _address(place, VOTES, "DAO"), "requestUnlock", amount_wei),)
        case Rate(model, stars):
            return (_call(place, MODELS, _address(place, MODELS, "marketplace of models"), "rate", model, stars),)
        case Delegate(to, task, amount_wei):
            pool = pool_of(place, task, to)
            deposit = _call(place, POOLS, pool, "deposit", amount_wei, place.me)
            return (_allowance(place, pool, amount_wei), deposit)
        case Undelegate(to, task):
            return (_undelegation(place, pool_of(place, task, to)),)
        case Appear(proposal, appearance):
            return (_dao(place, "appear", proposal, appearance),)
        case Vote(proposal, support):
            vote = _dao(place, "castVote", proposal, support)
            _require_votes(place, proposal)
            return (vote,)
    raise AssertionError(f"{type(action).__name__} sends no transaction")


def pool_of(place: Place, task: AnyTask, delegate: str) -> str:
    """Return the address of a delegate's pool in a task; raises `WouldFail` where it takes no delegators."""
    if isinstance(task, AllianceTask):
        found = open_alliance(place, task.number).pool(task.number, delegate)
        pool = found.address if found is not None else None
    else:
        stake = place.arena.stake_of(task, delegate)
        pool = stake.pool if stake.has_pool else None
    if pool is None:
        raise WouldFail(f"{delegate} takes no delegators in task {task}")
    return pool


def dao_of(place: Place) -> DaoView:
    """Return the DAO of a market; raises `WouldFail` where it has none."""
    try:
        return DaoView(place.rpc, place.market)
    except ContractMissing:
        raise WouldFail("this market has no DAO") from None


def _undelegation(place: Place, address: str) -> Transaction:
    """Ask for all shares, or take them where they can be taken now."""
    pool = DelegationPool(place.sender, address)
    if not pool.shares:
        raise WouldFail(f"{place.me} has nothing in the pool {address}")
    asked = pool.redemption()
    if asked.shares and asked.from_at <= place.now() < asked.until_at:
        return _call(place, POOLS, address, "redeem", asked.shares, place.me, place.me)
    if asked.shares == pool.shares:
        raise WouldFail(f"all of it is asked for already, and can be taken from second {asked.from_at} on")
    return _call(place, POOLS, address, "requestRedeem", pool.shares)


def _due(place: Place, task: int) -> list[int]:
    """Return the days of a task, the first `MOST_DAYS`, of which something is due to the account."""
    finished = range(place.arena.state(task).finished_days)
    days = [day for day in finished if due(place.arena, task, day, place.me)][:MOST_DAYS]
    if not days:
        raise WouldFail(f"nothing is due to {place.me} in task {task}")
    return days


def _address(place: Place, contract: str, of: str) -> str:
    if contract not in place.market.contracts:
        raise WouldFail(f"this market has no {of}")
    return place.market.address(contract)


def _allowance(place: Place, spender: str, amount_wei: int) -> Transaction:
    return _token(place, "approve", spender, amount_wei)


def _token(place: Place, name: str, *args: object) -> Transaction:
    return _call(place, TOKEN, place.market.fml, name, *args)


def _dao(place: Place, name: str, number: int, choice: int) -> Transaction:
    proposals = dao_of(place).proposals()
    if number > len(proposals):
        raise WouldFail(f"no proposal {number}; there are {len(proposals)}: see `fl-alliance dao status`")
    return _call(place, DAO, place.market.address(DAO), name, proposals[number - 1].number, int(choice))


def _require_votes(place: Place, number: int) -> None:
    """Refuse an empty ballot, which the contract would take for good; raises `WouldFail`."""
    dao = dao_of(place)
    began_at = dao.proposals()[number - 1].review_ends_at
    if place.now() > began_at and not dao.votes_wei(place.me, began_at):
        raise WouldFail(f"{place.me} had nothing locked when the general meeting began, and has no vote in it")


def _call(place: Place, artifact: str, address: str, name: str, *args: object) -> Transaction:
    reader = ContractReader(place.rpc, artifact, address)
    return Transaction(reader.address, reader.encode(name, *args), name)
