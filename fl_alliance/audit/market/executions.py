"""Steps of what has passed: it waits in the time lock, and then each of its calls is made."""

from collections.abc import Iterator

from fl_alliance.audit.market.dao_books import ProposalBooks
from fl_alliance.audit.market.premises import answer_of, note_terms
from fl_alliance.audit.market.proposals import dao_of, proposal_of, require_stage, tell
from fl_alliance.audit.market.roles import EXECUTOR_ROLE, PROPOSER_ROLE, decided, has_role
from fl_alliance.audit.market.step import Books, Step
from fl_alliance.audit.market.taken import Call, Taken, calls_in
from fl_alliance.chain.dao import Call as Proposed
from fl_alliance.chain.deploy import DAO, TIMELOCK, TREASURY
from fl_alliance.chain.errors import DataUnreadable
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.stages import Stage


def queued(step: Step) -> None:
    """Anybody puts what has passed into the time lock."""
    dao, proposal = dao_of(step), _of_operation(step, "ProposalQueued")
    step.reading.called(DAO, "queue", *proposal.lists, proposal.description_hash)
    require_stage(step, proposal, Stage.SUCCEEDED)
    _require_role(step, PROPOSER_ROLE)
    proposal.executable_at = step.now + dao.delay_s
    operation = proposal.operation(dao.at.dao)
    for index, call in enumerate(proposal.calls):
        _tell_call(step, "CallScheduled", operation, index, call, predecessor=bytes(32), delay=dao.delay_s)
    _tell_lock(step, "CallSalt", id=operation, salt=proposal.salt(dao.at.dao))
    tell(step, "ProposalQueued", proposalId=proposal.number, etaSeconds=proposal.executable_at)


def called(step: Step) -> None:
    """One of its calls was made: the events before this one that only the time lock can have caused are that call's."""
    dao, proposal = dao_of(step), _of_operation(step, "ProposalExecuted")
    if not proposal.made:
        _begin(step, proposal)
    count = len(proposal.calls)
    step.require(proposal.made < count, f"proposal {proposal.number} has {count} calls, and another was made")
    call = proposal.calls[proposal.made]
    _tell_call(step, "CallExecuted", proposal.operation(dao.at.dao), proposal.made, call)
    proposal.made += 1
    for target, inner in _unfolded(step.books, call, dao.at.timelock):
        note_terms(dao, target, inner)
        if (inner.source, inner.name) == (DAO, "requireAnswer"):
            _require_answer(step, *inner.args)


def executed(step: Step) -> None:
    """All calls of what has passed were made, and it is executed."""
    proposal = proposal_of(step)
    count = len(proposal.calls)
    step.require(proposal.made == count, f"{proposal.made} of {count} calls of proposal {proposal.number} were made")
    proposal.is_executed = True
    tell(step, "ProposalExecuted", proposalId=proposal.number)


def spent(step: Step) -> None:
    """An executed proposal spends from the treasury; what is no FML moves nothing of the market."""
    told, treasury = step.head.values, dao_of(step).at.treasury
    decided(step, TREASURY, "spend", told["token"], told["to"], told["amountWei"])
    step.reading.need(TREASURY, treasury, "Spent", told)
    if told["token"] == step.books.addresses.fml:
        step.transfer(treasury, told["to"], told["amountWei"])


def calls_of_proposals(taken: Taken, books: Books) -> Iterator[Call]:
    """Yield the calls that a transaction makes for proposals which it executes, as far as they can be read."""
    for event in taken.events:
        if (event.source, event.name) == (DAO, "ProposalExecuted") and books.dao is not None:
            proposal = books.dao.proposals.get(event.values["proposalId"])
            for call in proposal.calls if proposal is not None else ():
                yield from (inner for _, inner in _unfolded(books, call, books.dao.at.timelock))


def _unfolded(books: Books, call: Proposed, sender: str) -> Iterator[tuple[str, Call]]:
    """Yield whom a proposal calls, and what: multicalls and what the DAO's contract is to relay unwrapped."""
    dao = books.dao.at if books.dao is not None else None
    source = books.source(call.target) or (dao.marketplace.get(call.target, "") if dao is not None else "")
    try:
        found = list(calls_in(source, call.data, sender, is_sent=False)) if source else []
    except (DataUnreadable, KeyError):  # plain coin, or what no contract of ours takes
        return
    for inner in found:
        if dao is not None and (source, inner.name) == (DAO, "relay"):
            target, value_wei, data = inner.args
            yield from _unfolded(books, Proposed(checksum(target), data, value_wei), dao.dao)
        else:
            yield call.target, inner


def _begin(step: Step, proposal: ProposalBooks) -> None:
    step.reading.called(DAO, "execute", *proposal.lists, proposal.description_hash)
    require_stage(step, proposal, Stage.QUEUED)
    at = proposal.executable_at
    step.require(step.now >= at, f"proposal {proposal.number} executed at second {step.now}, needed {at}")
    _require_role(step, EXECUTOR_ROLE)


def _require_answer(step: Step, target: str, question: bytes, promised: bytes) -> None:
    """Hold a premise to the books; of what they do not keep, execution alone has shown it."""
    found = answer_of(step.books, checksum(target), question)
    if found is None:
        step.books.counts.unseen += 1
        return
    what = f"what {target} answers to 0x{question.hex()} has changed since the proposal was made"
    step.require(keccak(found) == promised, what)


def _of_operation(step: Step, name: str) -> ProposalBooks:
    event = step.reading.ahead(DAO, name)
    step.require(event is not None, f"{step.head.name} of an operation that is no proposal's")
    return proposal_of(step, event.values["proposalId"] if event is not None else 0)


def _require_role(step: Step, role: bytes) -> None:
    dao = dao_of(step).at.dao
    step.require(has_role(step.books, TIMELOCK, role, dao), f"{dao} has no role of the time lock for this")


def _tell_call(step: Step, name: str, operation: bytes, index: int, call: Proposed, **more: object) -> None:
    told = {"target": call.target, "value": call.value_wei, "data": call.data}
    _tell_lock(step, name, id=operation, index=index, **told, **more)


def _tell_lock(step: Step, name: str, **values: object) -> None:
    step.reading.need(TIMELOCK, dao_of(step).at.timelock, name, values)
