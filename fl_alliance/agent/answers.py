"""What the tools that only read answer; they sign nothing, so they pass no guard but the schema."""

from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.book import Book
from fl_alliance.agent.errors import WouldFail
from fl_alliance.agent.tools import AllianceTask, Balance, Call, Kind, Price, Status
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.calls import read_params
from fl_alliance.chain.errors import ContractMissing
from fl_alliance.chain.listings import ModelsView
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.types import WEI_PER_GWEI, Phase
from fl_alliance.market.alliances import open_alliance
from fl_alliance.market.overview import (
    delegation_words,
    delegations,
    part_words,
    parts,
    task_facts,
    task_words,
)
from fl_alliance.market.parties import everybody
from fl_alliance.market.place import Place


def answer(call: Call, place: Place, book: Book) -> str:
    """Return the answer of a tool that reads.

    Raises
    ------
    WouldFail
        This market has no models.
    UnknownModel, UnknownTask, TaskUnknown
        There is no model, or task, of that number.
    """
    if isinstance(call, Balance):
        name = book.name_of(Kind.ACCOUNT, call.account)
        return f"{name or call.account} has {exactly(place.arena.token.balance_wei(call.account))}"
    if isinstance(call, Price):
        return _price(call.model, place)
    if isinstance(call, Status):
        task = call.task
        return "\n".join(_alliance(task.number, place) if isinstance(task, AllianceTask) else _arena(task, place))
    raise AssertionError(f"{type(call).__name__} does not read")


def _price(model: int, place: Place) -> str:
    found = models_of(place).listing(model)
    closed = "; it is closed and takes no more calls" if found.is_closed else ""
    return f"model {model} costs {exactly(found.price_wei)} a call, or a thousand tokens where it speaks{closed}"


def _arena(task: int, place: Place) -> list[str]:
    """Return where a task of the Arena stands, and the account's stake, delegations and rewards in it."""
    own = parts(place, task, [place.me])
    behind = delegations(place, task, [place.me], everybody(place, task))
    lines = task_words(task_facts(place, task))
    lines += [line for found in own for line in part_words(found)]
    lines += [line for found in behind for line in delegation_words(found)]
    return lines if own or behind else [*lines, "  you have nothing in it"]


def _alliance(task: int, place: Place) -> list[str]:
    """Return where a task of FL Alliance stands, and the account's balance, delegations and rewards in it."""
    market, contract = open_alliance(place, task), place.market.contract
    reader = ContractReader(place.rpc, contract, place.market.address(contract))
    phase, number, *_ = reader.read("state", task)
    rounds = read_params(reader.read("params", task)).rounds
    staked = f"{exactly(market.stake_wei(task))} staked, {exactly(market.delegated_wei(task))} of it delegated"
    lines = [f"task alliance:{task}: {Phase(phase).name.lower()}, round {number} of {rounds}; {staked}"]
    mine = [
        f"{exactly(balance * WEI_PER_GWEI)} of balance, rewards in it" for balance in _balances(reader, task, place)
    ]
    if credit_gwei := reader.read("creditGwei", place.me):
        mine.append(f"{exactly(credit_gwei * WEI_PER_GWEI)} to withdraw from this and other tasks of the Alliance")
    for delegate in market.delegates(task):
        pool = market.pool(task, delegate)
        if pool is not None and pool.shares:
            due = exactly(market.claimable_wei(task, delegate))
            mine.append(f"{exactly(pool.worth_wei)} delegated to {delegate}; {due} due to all behind it")
    return [*lines, *(f"  {place.me}: {each}" for each in mine)] if mine else [*lines, "  you have nothing in it"]


def _balances(reader: ContractReader, task: int, place: Place) -> list[int]:
    """Return the account's balance in a task, in gwei, where it is a member."""
    return [balance for node, _, balance, *_ in reader.read("members", task) if checksum(node) == place.me]


def models_of(place: Place) -> ModelsView:
    """Return a market's models; raises `WouldFail` where it has no marketplace."""
    try:
        return ModelsView(place.rpc, place.market)
    except ContractMissing:
        raise WouldFail("this market has no marketplace of models") from None
