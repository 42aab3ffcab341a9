"""What moves FML of who signs: locked to vote, behind a delegate, into an account for calls; and a model's rating."""

import re
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields

from fl_alliance.arena.events import fml
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.deploy import ALLIANCE_MARKET, MODELS, POOLS, REVENUE, TOKEN, VOTES
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.chain.types import Phase, TaskState
from fl_alliance.console.drafts import Intent, allowance, step
from fl_alliance.console.fair import Fair
from fl_alliance.console.fields import Fields, account_of, amount_of, number_of
from fl_alliance.governance.errors import DaoUnknown, WrongStage
from fl_alliance.market.errors import SettingRefused, TaskClosed
from fl_alliance.market.parties import address_of
from fl_alliance.market.units import duration

_ALLIANCE = "alliance:"


def lock(fair: Fair, fields: Fields) -> Intent:
    """Lock FML to vote, with the allowance it takes."""
    amount_wei, votes = amount_of(fields), _votes(fair)
    steps = [
        allowance(fair.reader(TOKEN), "the vote lock", votes.address, amount_wei),
        step(votes, f"lock {fml(amount_wei)}", "lock", amount_wei),
    ]
    says = [
        f"Locks {fml(amount_wei)} to vote with: 1 FML is one vote.",
        "They come back after a delay from when you ask for them.",
    ]
    command = f"fl-alliance dao lock {fields['amount']}"
    return Intent(f"Lock {fml(amount_wei)}", says, steps, command, account_of(fields, False), "/dao")


def unlock(fair: Fair, fields: Fields) -> Intent:
    """Ask locked FML back."""
    amount_wei, votes, account = amount_of(fields), _votes(fair), account_of(fields)
    locked_wei = votes.read("lockedWei", account)
    if amount_wei > locked_wei:
        raise SettingRefused(f"amount={fields['amount']}: {account} has locked {fml(locked_wei)}, needs that at most")
    says = [
        f"Asks {fml(amount_wei)} of the {fml(locked_wei)} back that {account} has locked; they vote no more at once.",
        f"They can be taken {duration(votes.read('unlockDelayS'))} later.",
    ]
    if waiting_wei := votes.read("leavingOf", account)[0]:
        says.append(f"The {fml(waiting_wei)} that were asked back before wait as long again.")
    call = step(votes, f"ask {fml(amount_wei)} back", "requestUnlock", amount_wei)
    command = f"fl-alliance dao unlock {fields['amount']}"
    return Intent(f"Ask {fml(amount_wei)} back", says, [call], command, account, "/dao")


def withdraw(fair: Fair, fields: Fields) -> Intent:
    """Take what was asked back and has waited."""
    votes, account = _votes(fair), account_of(fields)
    asked_wei, from_at = votes.read("leavingOf", account)
    if not asked_wei:
        raise WrongStage(f"{account} has asked nothing back; ask first")
    left_s = max(0, from_at - fair.now())
    says = [f"Takes {fml(asked_wei)} that were locked to vote back to {account}."]
    says += [f"It is too early: they can be taken in {duration(left_s)}."] if left_s else []
    call = step(votes, f"take {fml(asked_wei)}", "withdraw")
    return Intent("Take locked FML back", says, [call], "fl-alliance dao unlock", account, "/dao")


@dataclass(frozen=True, slots=True)
class Behind:
    """Where FML stand or are to stand behind a delegate: its pool, and the task in words, for commands and pages."""

    pool: ContractReader
    name: str
    words: str
    page: str
    is_over: bool
    risk: str


def delegate(fair: Fair, fields: Fields) -> Intent:
    """Put FML behind a training node, a validator, or an Alliance's member."""
    node, amount_wei, account = address_of(fields.get("node", "")), amount_of(fields), account_of(fields)
    behind = _behind(fair, fields, node)
    if behind.is_over:
        raise TaskClosed(f"{behind.words} is on its last day or over, nobody can delegate")
    pool = behind.pool
    steps = [
        allowance(fair.reader(TOKEN), "the pool", pool.address, amount_wei),
        step(pool, f"delegate {fml(amount_wei)}", "deposit", amount_wei, account),
    ]
    says = [
        f"Puts {fml(amount_wei)} of {account} behind {node} in {behind.words}.",
        f"It keeps {pool.read('sigmaBps') / 100:g} % of what they earn; {behind.risk}.",
        "They come back after a delay from when you ask for them.",
    ]
    command = f"fl-alliance arena delegate {behind.name} {node} {fields['amount']}"
    return Intent(f"Delegate {fml(amount_wei)}", says, steps, command, account, behind.page)


def undelegate(fair: Fair, fields: Fields) -> Intent:
    """Ask delegated FML back, or take what may be taken."""
    node, account = address_of(fields.get("node", "")), account_of(fields)
    behind = _behind(fair, fields, node)
    pool = behind.pool
    shares, ready = pool.read("balanceOf", account), pool.read("maxRedeem", account)
    if not shares:
        raise TaskClosed(f"{account} has nothing behind {node} in {behind.words}")
    worth = fml(pool.read("convertToAssets", shares))
    if ready:
        call = step(pool, "take back what may be taken now", "redeem", ready, account, account)
        says = [f"Takes {fml(pool.read('convertToAssets', ready))} back to {account}."]
    else:
        call = step(pool, "ask for all of it", "requestRedeem", shares)
        says = [f"Asks for all that {account} has behind {node}, {worth} today; take it when the delay is over."]
    command = f"fl-alliance arena undelegate {behind.name} {node}"
    return Intent("Take delegated FML back", says, [call], command, account, behind.page)


def rate(fair: Fair, fields: Fields) -> Intent:
    """Rate a model."""
    model, stars = number_of(fields, "model"), number_of(fields, "stars")
    if not 1 <= stars <= 5:
        raise SettingRefused(f"stars={stars}: needs 1 to 5")
    call = step(fair.reader(MODELS), f"rate model {model} with {stars} of 5", "rate", model, stars)
    says = [
        f"Rates model {model} with {stars} of 5, in the place of your last rating.",
        "Only who has paid for a call may.",
    ]
    command = f"fl-alliance market rate {model} {stars}"
    return Intent(f"Rate model {model}", says, [call], command, account_of(fields, False), f"/marketplace/{model}")


def deposit(fair: Fair, fields: Fields) -> Intent:
    """Pay into an account for calls, with the allowance it takes."""
    amount_wei, revenue = amount_of(fields), fair.reader(REVENUE)
    steps = [
        allowance(fair.reader(TOKEN), "it", revenue.address, amount_wei),
        step(revenue, f"put {fml(amount_wei)} into your account", "deposit", amount_wei),
    ]
    says = [
        f"Puts {fml(amount_wei)} into your account for calls of models, which vouchers that you sign pay from.",
        "What is left comes back three days after you ask for it.",
    ]
    command = f"fl-alliance market deposit {fields['amount']}"
    return Intent(f"Deposit {fml(amount_wei)}", says, steps, command, account_of(fields, False), "/marketplace")


def _votes(fair: Fair) -> ContractReader:
    """Return the vote lock; raises `DaoUnknown`."""
    if fair.dao is None:
        raise DaoUnknown(fair.arena.address)
    return fair.reader(VOTES)


def _behind(fair: Fair, fields: Fields, node: str) -> Behind:
    """Return where a form wants FML behind a delegate; raises `TaskClosed` where that takes no delegators."""
    name = fields.get("task", "")
    if name.startswith(_ALLIANCE):
        return _behind_member(fair, fields, number_of({"task": name.removeprefix(_ALLIANCE)}, "task"), node)
    task = number_of(fields, "task")
    found = fair.arena.stake_of(task, node)
    if not found.has_pool:
        raise TaskClosed(f"{node} takes no delegators in task {task}")
    pool, is_over = ContractReader(fair.rpc, POOLS, found.pool), fair.now() >= fair.arena.ends_at(task)
    risk = "it is slashed before you are"
    return Behind(pool, str(task), f"task {task}", f"/arena/{task}", is_over, risk)


def _behind_member(fair: Fair, fields: Fields, task: int, node: str) -> Behind:
    words = f"task {task} of FL Alliance"
    if ALLIANCE_MARKET not in fair.deployment.contracts:
        raise TaskClosed(f"{words}: this market's emission pays no tasks of an Alliance")
    market, alliance = fair.reader(ALLIANCE_MARKET), fair.reader(fair.deployment.contract)
    pool = checksum(market.read("delegationOf", task, node)[0])
    if pool == ZERO_ADDRESS:
        raise TaskClosed(f"{node} takes no delegators in {words}")
    names = [field.name for field in dataclass_fields(TaskState)]
    is_over = Phase(alliance.read("state", task)[names.index("phase")]) is Phase.FINISHED
    risk = "they are paid for days on which a round was accepted, and are not slashed there"
    page = fields.get("back", "")
    safe = page if re.fullmatch(r"/alliance/[A-Za-z0-9._-]+/[0-9]+", page) else "/alliance"
    return Behind(ContractReader(fair.rpc, POOLS, pool), f"{_ALLIANCE}{task}", words, safe, is_over, risk)
