"""What the market of an Alliance's tasks says of itself at the end, and the Alliance of what the market builds on."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from fl_alliance.audit.finding import Where
from fl_alliance.audit.market.alliance_books import AllianceBooks, AllianceTask, Delegated
from fl_alliance.audit.market.emission import at
from fl_alliance.audit.market.source import Source, view
from fl_alliance.chain.deploy import ALLIANCE_MARKET
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.units import WAD
from fl_alliance.chain.types import WEI_PER_GWEI, TaskState

Fact = tuple[str, Any, Any]
"""What is compared: its name, what the contract says, what the rules give."""


def alliance_facts(source: Source, books: AllianceBooks, rule: str, where: Where | str) -> Iterator[Fact]:
    """Yield every figure that the market of an Alliance's tasks keeps, beside what the books have."""

    def told(name: str, *args: Any) -> Any:
        return view(source, where, ALLIANCE_MARKET, books.address, name, *args)

    for number, model in books.models.tasks.items():
        task, name = books.task(number), f"task {number} of the Alliance"
        state = dict(zip(_FIELDS, view(source, where, rule, books.alliance, "state", number), strict=True))
        yield f"pool of {name}", state["pool_gwei"], model.pool_gwei
        yield f"last acceptance of {name}", state["accepted_at"], model.accepted_at
        own = view(source, where, rule, books.alliance, "stakedGwei", number)
        yield f"seated members' balances in {name}", own, task.own_gwei
        yield f"delegates of {name}", tuple(map(checksum, told("delegatesOf", number))), tuple(task.delegations)
        needed = [(paid.day, paid.delegated_wei, paid.weight) for paid in task.rewards]
        yield f"rewards of {name}", [tuple(paid) for paid in told("rewardsOf", number)], needed
        yield f"delegated in {name}", told("delegatedWei", number), task.counted_wei
        counted_wei = task.counted_wei if task.own_gwei else 0
        yield f"stake of {name}", told("stakeWei", number), task.own_gwei * WEI_PER_GWEI + counted_wei
        for day, second in task.accepted_at.items():
            yield f"acceptance of {name} on day {day}", told("acceptedAt", number, day), second
        for delegate, delegated in task.delegations.items():
            yield from _delegation(told, task, delegate, delegated, f"{delegate} in {name}")


_FIELDS = [field.name for field in fields(TaskState)]


def _delegation(told: Any, task: AllianceTask, delegate: str, delegated: Delegated, name: str) -> Iterator[Fact]:
    pool, member, counted_wei, weight, claimed = told("delegationOf", task.number, delegate)
    # What was claimed when nothing was due, by a contract, no event told.
    if delegated.claimed < claimed <= len(task.rewards) and not delegated.due_wei(task.rewards, claimed):
        delegated.claimed = claimed
    yield f"pool of {name}", pool, delegated.pool
    yield f"member index of {name}", member, delegated.member
    yield f"what counts of {name}", counted_wei, delegated.counted_wei
    yield f"weight of {name}", weight, at(delegated.weights, WAD)
    yield f"rewards claimed by {name}", claimed, delegated.claimed
    due = delegated.due_wei(task.rewards, len(task.rewards))
    yield f"what {name} can claim", told("claimableWei", task.number, delegate), due
    for day in delegated.weights:
        yield f"weight of {name} on day {day}", told("weightAt", task.number, delegate, day), at(delegated.weights, day)
