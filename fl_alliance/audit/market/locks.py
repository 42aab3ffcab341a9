"""Steps of the vote lock: FML are locked, delegated, asked back and taken."""

from fl_alliance.audit.market.emission import at
from fl_alliance.audit.market.polls import LockBooks
from fl_alliance.audit.market.roles import decided
from fl_alliance.audit.market.step import Step
from fl_alliance.chain.deploy import VOTES
from fl_alliance.chain.rules.words import ZERO_ADDRESS

_ASKED = ("Locked", "UnlockRequested")


def delegated(step: Step) -> None:
    """Somebody names who votes with what it has locked; who locks for the first time names itself."""
    lock, account, to = lock_of(step), step.head.values["delegator"], step.head.values["toDelegate"]
    former = lock.delegate(account)
    name = step.reading.coming(VOTES, ("delegate", "delegateBySig", "lock"))
    if name == "lock":
        step.require((former, to) == (ZERO_ADDRESS, account), f"{account} locks, and {to} is named for {former}")
    elif name is not None:
        step.reading.called(VOTES, name, to, by=account if name == "delegate" else None)
    lock.delegates[account] = to
    _tell(step, "DelegateChanged", delegator=account, fromDelegate=former, toDelegate=to)
    _move(step, former, to, lock.locked_wei.get(account, 0))


def asked(step: Step) -> None:
    """FML are locked or asked back, which moves votes first: what for, the event after that says."""
    coming = step.reading.taken.events[step.reading.at :]
    told = next((event for event in coming if event.source == VOTES and event.name in _ASKED), None)
    if told is None:
        step.require(False, "votes that nobody locked, asked back or delegated")
    elif told.name == "Locked":
        _locked(step, told.values["account"], told.values["amountWei"])
    else:
        _requested(step, told.values["account"], told.values["amountWei"])


def _locked(step: Step, account: str, amount_wei: int) -> None:
    lock = lock_of(step)
    step.reading.called(VOTES, "lock", amount_wei, by=account)
    lock.locked_wei[account] = lock.locked_wei.get(account, 0) + amount_wei
    lock.all_wei[step.now] = at(lock.all_wei, step.now) + amount_wei
    _move(step, ZERO_ADDRESS, lock.delegate(account), amount_wei)
    _tell(step, "Locked", account=account, amountWei=amount_wei)
    step.transfer(account, lock_of(step).at, amount_wei)


def _requested(step: Step, account: str, amount_wei: int) -> None:
    lock, from_at = lock_of(step), step.now + lock_of(step).delay_s
    step.reading.called(VOTES, "requestUnlock", amount_wei, by=account)
    held = lock.locked_wei.get(account, 0)
    step.require(amount_wei <= held, f"{amount_wei} wei asked back, locked are {held}")
    lock.locked_wei[account] = held - amount_wei
    lock.all_wei[step.now] = at(lock.all_wei, step.now) - amount_wei
    lock.leaving[account] = (lock.leaving.get(account, (0, 0))[0] + amount_wei, from_at)
    _move(step, lock.delegate(account), ZERO_ADDRESS, amount_wei)
    _tell(step, "UnlockRequested", account=account, amountWei=amount_wei, fromAt=from_at)


def withdrawn(step: Step) -> None:
    """Somebody takes what it asked back, once its delay is over."""
    lock, account = lock_of(step), step.head.values["account"]
    step.reading.called(VOTES, "withdraw", by=account)
    amount_wei, from_at = lock.leaving.pop(account, (0, 0))
    step.require(amount_wei > 0 and step.now >= from_at, f"taken at second {step.now}, needed {from_at}")
    _tell(step, "Withdrawn", account=account, amountWei=amount_wei)
    step.transfer(lock_of(step).at, account, amount_wei)


def delay_set(step: Step) -> None:
    """The DAO sets how long what is asked back waits; the first delay is its construction's."""
    delay_s = step.head.values["delayS"]
    decided(step, VOTES, "setUnlockDelay", delay_s)
    lock_of(step).delay_s = delay_s
    _tell(step, "UnlockDelaySet", delayS=delay_s)


def _move(step: Step, source: str, target: str, amount_wei: int) -> None:
    """Move votes, as OpenZeppelin's Votes does: nothing where nobody gains."""
    if source == target or not amount_wei:
        return
    lock = lock_of(step)
    for holder, change_wei in ((source, -amount_wei), (target, amount_wei)):
        if holder == ZERO_ADDRESS:
            continue
        former = lock.held_wei(holder, step.now)
        step.require(former + change_wei >= 0, f"{holder} gives {-change_wei} wei of votes, it has {former}")
        lock.votes_wei.setdefault(holder, {})[step.now] = former + change_wei
        _tell(step, "DelegateVotesChanged", delegate=holder, previousVotes=former, newVotes=former + change_wei)


def lock_of(step: Step) -> LockBooks:
    """Return the vote lock's books, whose events are read only where there is one."""
    lock = step.books.lock
    if lock is None:
        raise ValueError("events of a vote lock where there is none")
    return lock


def _tell(step: Step, name: str, **values: object) -> None:
    step.reading.need(VOTES, lock_of(step).at, name, values)
