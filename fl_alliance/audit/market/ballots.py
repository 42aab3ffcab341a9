"""Steps of the gauges: ballots, counted by what was locked before the week, and what they move at emission and till."""

from itertools import pairwise, takewhile

from fl_alliance.audit.market.emission import Key, at
from fl_alliance.audit.market.polls import PollBooks
from fl_alliance.audit.market.releases import weigh
from fl_alliance.audit.market.roles import decided
from fl_alliance.audit.market.step import Books, Step
from fl_alliance.chain.deploy import GAUGES
from fl_alliance.chain.gauges import Choice, GaugeKind
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.gauges import MAX_CHOICES, GaugeTerms, ballot_votes


def terms_set(step: Step) -> None:
    """The DAO sets what ballots move; at the gauges' construction the first epoch begins."""
    polls, terms = polls_of(step), step.head.values["terms"]
    if step.reading.taken.to is None and not polls.start_at:
        polls.start_at = step.now
    decided(step, GAUGES, "setTerms", terms)
    polls.terms = GaugeTerms(*terms)
    _tell(step, "TermsSet", terms=terms)


def voted(step: Step) -> None:
    """A holder casts its ballot of the week, with what it had in the second before that began."""
    polls, voter = polls_of(step), step.head.values["voter"]
    epoch = polls.epoch(step.now)
    ballot = list(takewhile(lambda event: _is_of(event, voter), step.reading.taken.events[step.reading.at :]))
    chosen = [Choice(event.values["source"], event.values["number"], 0) for event in ballot]
    held_wei = polls.lock.held_wei(voter, polls.counted_at(epoch))
    step.require((epoch, voter) not in polls.voters, f"{voter} has cast its ballot of epoch {epoch}")
    step.require(held_wei > 0, f"{voter} had no votes before epoch {epoch}")
    step.require(len(ballot) <= MAX_CHOICES, f"{len(ballot)} choices, needed {MAX_CHOICES} at most")
    is_ascending = all(one.gauge < other.gauge for one, other in pairwise(chosen))
    step.require(is_ascending, "choices that are not in order, or twice the same")
    polls.voters.add((epoch, voter))
    given = _given(step, ballot, chosen, held_wei)
    step.require(sum(given) <= held_wei, f"{sum(given)} wei of votes, {voter} had {held_wei}")
    for choice, votes_wei in zip(chosen, given, strict=True):
        _cast(step, epoch, voter, (choice.source, choice.number), votes_wei)


def weighed(step: Step) -> None:
    """Anybody lets a task weigh what the last week's ballots come to."""
    polls, values = polls_of(step), step.head.values
    task, epoch = (values["source"], values["task"]), _ended(step)
    step.reading.called(GAUGES, "weigh", *task)
    percent = polls.percent(epoch, task, step.books.emission.kind(task))
    _tell(step, "Weighed", epoch=epoch, source=task[0], task=task[1], percent=percent)
    weigh(step, task, percent)


def paid(step: Step) -> None:
    """Anybody has a model paid what it has not had of its share of the last week's budget."""
    polls, model, epoch = polls_of(step), step.head.values["model"], _ended(step)
    step.reading.called(GAUGES, "pay", model)
    due_wei = polls.due_wei(epoch, model, GaugeKind.MODEL, step.books.money.held(polls.at.gauges))
    step.require(due_wei > 0, f"nothing is due to model {model} for epoch {epoch}")
    polls.paid_wei[(epoch, model)] = polls.paid_wei.get((epoch, model), 0) + due_wei
    polls.spent_wei[epoch] = polls.spent_wei.get(epoch, 0) + due_wei
    _tell(step, "ModelPaid", epoch=epoch, model=model, amountWei=due_wei)
    till = polls.tills.setdefault(model, step.head.values.get("to", ""))
    step.transfer(polls.at.gauges, till, due_wei)


def withdrawn(step: Step) -> None:
    """The DAO takes back what it had paid in."""
    to, amount_wei = step.head.values["to"], step.head.values["amountWei"]
    decided(step, GAUGES, "withdraw", to, amount_wei)
    _tell(step, "Withdrawn", to=to, amountWei=amount_wei)
    step.transfer(polls_of(step).at.gauges, to, amount_wei)


def unapplied(books: Books, now: int) -> list[str]:
    """Return the tasks that do not weigh what the last week's ballots say, and the models that are owed their share."""
    polls, emission = books.polls, books.emission
    epoch = polls.epoch(now) - 1 if polls is not None else -1
    if polls is None or epoch < 0:
        return []
    today, held_wei = emission.today(now), books.money.held(polls.at.gauges)
    tasks = [
        f"task {number} of {source}"
        for source, number in sorted(emission.verified)
        if polls.percent(epoch, (source, number), emission.kind((source, number)))
        != at(emission.records[(source, number)].percents, today)
    ]
    voted_for = sorted(
        number for week, (source, number) in polls.votes_wei if (week, source) == (epoch, polls.at.models)
    )
    models = [f"model {number}" for number in voted_for if polls.due_wei(epoch, number, GaugeKind.MODEL, held_wei)]
    return tasks + models


def polls_of(step: Step) -> PollBooks:
    """Return the gauges' books, whose events are read only where there are some."""
    polls = step.books.polls
    if polls is None:
        raise ValueError("events of gauges where there are none")
    return polls


def _given(step: Step, ballot: list[MarketEvent], chosen: list[Choice], held_wei: int) -> list[int]:
    """Return the votes of each choice; of a contract's ballot, whose parts are in no calldata, what it tells."""
    most, said = polls_of(step).terms.voter_bps, [event.values["votesWei"] for event in ballot]
    args = step.reading.called(GAUGES, "vote", by=ballot[0].values["voter"])
    if args is None:
        most_wei = ballot_votes(held_wei, most)
        step.require(max(said) <= most_wei, f"{max(said)} wei of votes for one gauge, needed {most_wei} at most")
        return said
    called = [(checksum(source), number) for source, number, _ in args[0]]
    told = [(choice.source, choice.number) for choice in chosen]
    step.require(called == told, f"its events tell {told}, the call of vote {called}")
    parts = [bps for *_, bps in args[0]]
    step.require(min(parts) > 0 and max(parts) <= most, f"parts {parts} of 10,000, needed 1 to {most}")
    step.require(sum(parts) <= BPS, f"parts {parts}, needed 10,000 in all at most")
    return [ballot_votes(held_wei, bps) for bps in parts]


def _cast(step: Step, epoch: int, voter: str, gauge: Key, votes_wei: int) -> None:
    polls, books = polls_of(step), step.books
    kind = GaugeKind.MODEL if gauge[0] == polls.at.models else GaugeKind(books.emission.kind(gauge))
    if kind is not GaugeKind.MODEL:
        step.require(gauge in books.emission.verified, f"task {gauge[1]} of {gauge[0]} is not verified")
        step.require(_creator(step, gauge) != voter, f"{voter} votes for its own task {gauge[1]} of {gauge[0]}")
    polls.votes_wei[(epoch, gauge)] = polls.votes_wei.get((epoch, gauge), 0) + votes_wei
    polls.cast_wei[(epoch, kind)] = polls.cast_wei.get((epoch, kind), 0) + votes_wei
    books.counts.ballots += 1
    _tell(step, "Voted", epoch=epoch, voter=voter, source=gauge[0], number=gauge[1], votesWei=votes_wei)


def _creator(step: Step, task: Key) -> str | None:
    """Return who created a task; None of a source that is none of the market's."""
    books, (source, number) = step.books, task
    if source == books.addresses.arena:
        return books.tasks[number].creator
    if books.alliance is not None and source == books.alliance.address:
        return books.alliance.models.task(number).creator
    return None


def _ended(step: Step) -> int:
    epoch = polls_of(step).epoch(step.now) - 1
    step.require(epoch >= 0, f"at second {step.now}, before any epoch was over")
    return epoch


def _is_of(event: MarketEvent, voter: str) -> bool:
    return (event.source, event.name) == (GAUGES, "Voted") and event.values["voter"] == voter


def _tell(step: Step, name: str, **values: object) -> None:
    step.reading.need(GAUGES, polls_of(step).at.gauges, name, values)
