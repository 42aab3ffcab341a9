"""Who takes delegators in a task, and on what terms: training nodes and validators, or members of FL Alliance."""

from dataclasses import dataclass

from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.deploy import ALLIANCE_MARKET, ARENA, POOLS, Deployment
from fl_alliance.console.fair import Fair


@dataclass(frozen=True, slots=True)
class Delegate:
    """An account with a pool; it keeps `sigma` of 1, `assets_wei` is what others have behind it."""

    account: str
    role: str
    own_wei: int
    sigma: float
    assets_wei: int


def nodes(fair: Fair, task: int) -> list[Delegate]:
    """Return who takes delegators in a task of the Arena; `own_wei` is its own stake."""
    found = []
    for account, pool in _pools(fair, ARENA, task):
        stake = fair.arena.stake_of(task, account)
        found.append(_delegate(pool, account, stake.role.name.lower(), stake.own_wei))
    return found


def members(fair: Fair, task: int) -> list[Delegate]:
    """Return who takes delegators in a task of the market's Alliance; their own stakes are the Alliance's."""
    return [_delegate(pool, account, "member", 0) for account, pool in _pools(fair, ALLIANCE_MARKET, task)]


def has_members(fair: Fair, deployment: Deployment) -> bool:
    """Return whether an Alliance is the market's own, whose members can take delegators."""
    known = fair.deployment
    is_there = ALLIANCE_MARKET in known.contracts and known.has_alliance
    return is_there and (known.chain_id, known.alliance) == (deployment.chain_id, deployment.alliance)


def _pools(fair: Fair, source: str, task: int) -> list[tuple[str, ContractReader]]:
    opened = [event.values for event in fair.events(source, "PoolOpened", task)]
    return [(values["delegate"], ContractReader(fair.rpc, POOLS, values["pool"])) for values in opened]


def _delegate(pool: ContractReader, account: str, role: str, own_wei: int) -> Delegate:
    return Delegate(account, role, own_wei, pool.read("sigmaBps") / 10_000, int(pool.read("totalAssets")))
