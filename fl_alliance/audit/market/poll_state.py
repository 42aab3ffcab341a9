"""What the vote lock and the gauges say of themselves at the end, beside what the books have."""

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

from fl_alliance.audit.finding import Where
from fl_alliance.audit.market.alliance_state import Fact
from fl_alliance.audit.market.polls import LockBooks, PollBooks
from fl_alliance.audit.market.source import Source, view
from fl_alliance.chain.deploy import GAUGES, REVENUE, VOTES


def lock_facts(source: Source, lock: LockBooks, where: Where | str) -> Iterator[Fact]:
    """Yield every figure that the vote lock keeps."""

    def told(name: str, *args: Any) -> Any:
        return view(source, where, VOTES, lock.at, name, *args)

    now = source.head[2]
    yield "seconds until locked FML come back", told("unlockDelayS"), lock.delay_s
    for account, wei in lock.locked_wei.items():
        yield f"locked by {account}", told("lockedWei", account), wei
        yield f"who votes for {account}", told("delegates", account), lock.delegate(account)
        yield f"asked back by {account}", tuple(told("leavingOf", account)), lock.leaving.get(account, (0, 0))
    for holder in lock.votes_wei:
        yield f"votes of {holder}", told("getVotes", holder), lock.held_wei(holder, now)
    if lock.all_wei:
        yield "all votes", told("getPastTotalSupply", now - 1), lock.all_wei_at(now - 1)


def poll_facts(source: Source, polls: PollBooks, where: Where | str) -> Iterator[Fact]:
    """Yield every figure that the gauges keep."""

    def gauges(name: str, *args: Any) -> Any:
        return view(source, where, GAUGES, polls.at.gauges, name, *args)

    yield "first second of the gauges", gauges("startAt"), polls.start_at
    yield "terms of the gauges", tuple(gauges("terms")), astuple(polls.terms)
    for (epoch, (address, number)), wei in polls.votes_wei.items():
        yield f"votes for {number} of {address} in epoch {epoch}", gauges("votesWei", epoch, address, number), wei
    for (epoch, kind), wei in polls.cast_wei.items():
        yield f"votes for kind {kind} in epoch {epoch}", gauges("castWei", epoch, kind), wei
    for epoch, voter in polls.voters:
        yield f"ballot of {voter} in epoch {epoch}", gauges("hasVoted", epoch, voter), True
    for (epoch, model), wei in polls.paid_wei.items():
        yield f"paid to model {model} for epoch {epoch}", gauges("paidWei", epoch, model), wei
    for model, till in polls.tills.items():
        yield f"till of model {model}", view(source, where, REVENUE, polls.at.revenue, "tillOf", model), till
