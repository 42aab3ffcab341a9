"""What a wallet can be asked to sign: calldata, what it does in plain words, and the command that does the same.

Nothing here signs. Each intent says which contracts are called, in order; a call that the chain would refuse now is
told before anybody pays gas for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fl_alliance.arena.events import fml
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.dao import Appearance, DaoView, Proposal, Stage, Support
from fl_alliance.chain.deploy import DAO, GAUGES, MODELS, POOLS, REVENUE, TOKEN, VOTES
from fl_alliance.chain.errors import RequestRefused, TransactionReverted
from fl_alliance.chain.gauges import ballot
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.reverts import explained
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.gauges import ballot_votes
from fl_alliance.console.fair import Fair
from fl_alliance.governance.actions import Actions
from fl_alliance.governance.decoding import ALARM
from fl_alliance.governance.errors import DaoUnknown, ProposalUnknown, WrongStage
from fl_alliance.market.config import wei
from fl_alliance.market.errors import MarketError, SettingRefused, TaskClosed
from fl_alliance.market.parties import address_of

Fields = Mapping[str, str]
MOST_CHOICES = 8
"""Choices of a ballot by a form; the contract takes more."""


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction: to which contract, with which calldata, and what it does."""

    to: str
    contract: str
    data: str
    does: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be signed.

    Attributes
    ----------
    title : str
        In a few words.
    says : list of str
        What it comes to, and on what terms, a sentence each.
    steps : list of Step
        In order; each is signed by itself.
    command : str
        What does the same at the command line.
    account : str
        Who signs; empty where any account may.
    back : str
        The page to go back to.
    warnings : list of str
        Why the chain would refuse it now.
    """

    title: str
    says: list[str]
    steps: list[Step]
    command: str
    account: str
    back: str
    warnings: list[str] = field(default_factory=list)


def intent(fair: Fair, name: str, fields: Fields) -> Intent:
    """Return what a form asks for.

    Raises
    ------
    SettingRefused
        A field is missing, or cannot be used, or there is no such form.
    MarketError
        What it names is not there, or it is not the time for it.
    """
    if name not in _MADE:
        raise SettingRefused(f"{name}: no such action; there are {', '.join(_MADE)}")
    made = _MADE[name](fair, fields)
    made.warnings.extend(_refusals(fair.rpc, made))
    return made


def _refusals(rpc: Rpc, made: Intent) -> list[str]:
    """Return why the chain would refuse the first step now; later steps depend on it."""
    if not made.account:
        return []
    step = made.steps[0]
    try:
        rpc("eth_call", {"from": made.account, "to": step.to, "data": step.data}, "latest")
    except RequestRefused as refusal:
        said = explained(TransactionReverted(step.does, refusal.reason, refusal.data), step.contract)
        return [f"the chain would refuse this now: {said}"]
    return []


def _vote(fair: Fair, fields: Fields) -> Intent:
    number, support = _number(fields, "proposal"), _choice(fields, "support", Support)
    proposal, account = _proposal(fair, number, Stage.ACTIVE), _account(fields, is_needed=False)
    says = [f"Votes {support} on proposal {number}.", *_does(fair, proposal)]
    if account:
        votes_wei = _dao(fair).votes_wei(account, proposal.review_ends_at)
        says.append(f"{account} votes with {fml(votes_wei)}, which it had locked when the meeting began.")
    step = _step(fair.reader(DAO), f"vote {support}", "castVote", proposal.number, Support[support.upper()])
    return Intent(
        f"Vote {support} on proposal {number}",
        says,
        [step],
        f"fl-alliance dao vote {number} {support}",
        account,
        f"/dao/{number}",
    )


def _appear(fair: Fair, fields: Fields) -> Intent:
    number, how = _number(fields, "proposal"), _choice(fields, "how", Appearance)
    proposal = _proposal(fair, number, Stage.PENDING)
    meaning = {
        "present": "signs in to its review, so that a general meeting can be held",
        "scam": "flags it as a scam; enough flags, and its stake is lost",
        "frivolous": "flags it as frivolous; enough flags, and its stake is lost",
    }
    if how not in meaning:
        raise SettingRefused("how=none: needs present, scam or frivolous")
    step = _step(fair.reader(DAO), f"appear as {how}", "appear", proposal.number, Appearance[how.upper()])
    command = f"attend {number}" if how == "present" else f"flag {number} {how}"
    title = f"Sign in to proposal {number}" if how == "present" else f"Flag proposal {number} as {how}"
    says = [f"Your account {meaning[how]}.", *_does(fair, proposal)]
    return Intent(title, says, [step], f"fl-alliance dao {command}", _account(fields, False), f"/dao/{number}")


def _queue(fair: Fair, fields: Fields) -> Intent:
    number = _number(fields, "proposal")
    proposal = _proposal(fair, number, Stage.SUCCEEDED)
    step = _step(fair.reader(DAO), "queue", "queue", *_lists(proposal))
    says = ["Puts a proposal that has passed into the time lock. Anybody may.", *_does(fair, proposal)]
    command = f"fl-alliance dao queue {number}"
    return Intent(f"Queue proposal {number}", says, [step], command, _account(fields, False), f"/dao/{number}")


def _execute(fair: Fair, fields: Fields) -> Intent:
    number = _number(fields, "proposal")
    proposal = _proposal(fair, number, Stage.QUEUED)
    step = _step(fair.reader(DAO), "execute", "execute", *_lists(proposal))
    says = ["Makes the calls of a proposal whose time lock is over. Anybody may.", *_does(fair, proposal)]
    command = f"fl-alliance dao execute {number}"
    return Intent(f"Execute proposal {number}", says, [step], command, _account(fields, False), f"/dao/{number}")


def _settle(fair: Fair, fields: Fields) -> Intent:
    number, dao = _number(fields, "proposal"), _dao(fair)
    proposal = _proposal(fair, number, *(stage for stage in Stage if stage.is_final))
    step = _step(fair.reader(DAO), "settle", "settleStake", proposal.number)
    is_condemned = dao.is_condemned(proposal.number)
    whose = "the treasury, since flags have condemned it" if is_condemned else f"its author, {proposal.proposer}"
    says = [f"Sends the stake of proposal {number} to {whose}. Anybody may."]
    if dao.stage(proposal.number) is Stage.EXECUTED:
        reward = fml(dao.review(proposal.number).reward_wei)
        says.append(f"It was executed: the treasury pays its author {reward}, as far as it has them.")
    command = f"fl-alliance dao settle {number}"
    return Intent(f"Settle proposal {number}", says, [step], command, _account(fields, False), f"/dao/{number}")


def _lock(fair: Fair, fields: Fields) -> Intent:
    amount_wei = _amount(fields)
    _dao(fair)
    votes = fair.reader(VOTES)
    steps = [
        _step(
            fair.reader(TOKEN), f"allow the vote lock to take {fml(amount_wei)}", "approve", votes.address, amount_wei
        ),
        _step(votes, f"lock {fml(amount_wei)}", "lock", amount_wei),
    ]
    says = [
        f"Locks {fml(amount_wei)} to vote with: 1 FML is one vote.",
        "They come back after a delay from when you ask for them.",
    ]
    command = f"fl-alliance dao lock {fields['amount']}"
    return Intent(f"Lock {fml(amount_wei)}", says, steps, command, _account(fields, False), "/dao")


def _gauge(fair: Fair, fields: Fields) -> Intent:
    view, account = fair.gauges, _account(fields)
    if view is None:
        raise SettingRefused("this market has no gauges: there is nothing to give votes to")
    actions, epoch = Actions(fair.rpc, fair.deployment), view.epoch
    choices = {name: actions.choice(name, percent) for name, percent in _ballot(fields).items()}
    cap_bps, all_bps = view.terms.voter_bps, sum(choice.bps for choice in choices.values())
    for name, choice in choices.items():
        if choice.bps > cap_bps:
            raise SettingRefused(f"{name} {choice.bps / 100:g} %: needs at most {cap_bps / 100:g} % for one gauge")
    if all_bps > BPS:
        raise SettingRefused(f"{all_bps / 100:g} % in all: needs at most 100 %")
    held_wei = _dao(fair).votes_wei(account, view.counted_at(epoch))
    step = _step(fair.reader(GAUGES), "cast the ballot", "vote", ballot(choices.values()))
    says = [f"{account} votes with {fml(held_wei)}, which it had locked when week {epoch + 1} began."]
    says += [
        f"{choice.bps / 100:g} % of them, {fml(ballot_votes(held_wei, choice.bps))}, go to {name}."
        for name, choice in choices.items()
    ]
    says += [f"{(BPS - all_bps) / 100:g} % are not used."] if all_bps < BPS else []
    says.append("One ballot a week: it cannot be changed. It counts in the week after.")
    given = " ".join(f"--give {name} {choice.bps / 100:g}" for name, choice in choices.items())
    command = f"fl-alliance dao gauge {given}"
    return Intent(f"Cast the ballot of week {epoch + 1}", says, [step], command, account, "/dao/gauges")


def _delegate(fair: Fair, fields: Fields) -> Intent:
    task, node, amount_wei = _number(fields, "task"), address_of(fields.get("node", "")), _amount(fields)
    account, pool = _account(fields), _pool(fair, task, node)
    if fair.now() >= fair.arena.ends_at(task):
        raise TaskClosed(f"task {task} is on its last day or over, nobody can delegate")
    steps = [
        _step(fair.reader(TOKEN), f"allow the pool to take {fml(amount_wei)}", "approve", pool.address, amount_wei),
        _step(pool, f"delegate {fml(amount_wei)}", "deposit", amount_wei, account),
    ]
    says = [
        f"Puts {fml(amount_wei)} of {account} behind {node} in task {task}.",
        f"It keeps {pool.read('sigmaBps') / 100:g} % of what they earn, and is slashed before you are.",
        "They come back after a delay from when you ask for them.",
    ]
    command = f"fl-alliance arena delegate {task} {node} {fields['amount']}"
    return Intent(f"Delegate {fml(amount_wei)}", says, steps, command, account, f"/arena/{task}")


def _undelegate(fair: Fair, fields: Fields) -> Intent:
    task, node, account = _number(fields, "task"), address_of(fields.get("node", "")), _account(fields)
    pool = _pool(fair, task, node)
    shares, ready = pool.read("balanceOf", account), pool.read("maxRedeem", account)
    if not shares:
        raise TaskClosed(f"{account} has nothing behind {node} in task {task}")
    worth = fml(pool.read("convertToAssets", shares))
    if ready:
        step = _step(pool, "take back what may be taken now", "redeem", ready, account, account)
        says = [f"Takes {fml(pool.read('convertToAssets', ready))} back to {account}."]
    else:
        step = _step(pool, "ask for all of it", "requestRedeem", shares)
        says = [f"Asks for all that {account} has behind {node}, {worth} today; take it when the delay is over."]
    command = f"fl-alliance arena undelegate {task} {node}"
    return Intent("Take delegated FML back", says, [step], command, account, f"/arena/{task}")


def _rate(fair: Fair, fields: Fields) -> Intent:
    model, stars = _number(fields, "model"), _number(fields, "stars")
    if not 1 <= stars <= 5:
        raise SettingRefused(f"stars={stars}: needs 1 to 5")
    step = _step(fair.reader(MODELS), f"rate model {model} with {stars} of 5", "rate", model, stars)
    says = [
        f"Rates model {model} with {stars} of 5, in the place of your last rating.",
        "Only who has paid for a call may.",
    ]
    command = f"fl-alliance market rate {model} {stars}"
    return Intent(f"Rate model {model}", says, [step], command, _account(fields, False), f"/marketplace/{model}")


def _deposit(fair: Fair, fields: Fields) -> Intent:
    amount_wei, revenue = _amount(fields), fair.reader(REVENUE)
    steps = [
        _step(fair.reader(TOKEN), f"allow it to take {fml(amount_wei)}", "approve", revenue.address, amount_wei),
        _step(revenue, f"put {fml(amount_wei)} into your account", "deposit", amount_wei),
    ]
    says = [
        f"Puts {fml(amount_wei)} into your account for calls of models, which vouchers that you sign pay from.",
        "What is left comes back three days after you ask for it.",
    ]
    command = f"fl-alliance market deposit {fields['amount']}"
    return Intent(f"Deposit {fml(amount_wei)}", says, steps, command, _account(fields, False), "/marketplace")


_MADE: Mapping[str, Callable[[Fair, Fields], Intent]] = {
    "appear": _appear,
    "vote": _vote,
    "queue": _queue,
    "execute": _execute,
    "settle": _settle,
    "lock": _lock,
    "gauge": _gauge,
    "delegate": _delegate,
    "undelegate": _undelegate,
    "rate": _rate,
    "deposit": _deposit,
}


def _step(reader: ContractReader, does: str, function: str, *args: object) -> Step:
    return Step(reader.address, reader.artifact, "0x" + reader.encode(function, *args).hex(), does)


def _dao(fair: Fair) -> DaoView:
    """Return the market's DAO; raises `DaoUnknown`."""
    if fair.dao is None:
        raise DaoUnknown(fair.arena.address)
    return fair.dao


def _proposal(fair: Fair, number: int, *needed: Stage) -> Proposal:
    """Return a proposal at one of these stages; raises `DaoUnknown`, `ProposalUnknown`, `WrongStage`."""
    dao = _dao(fair)
    known = dao.proposals()
    if not 1 <= number <= len(known):
        raise ProposalUnknown(number, len(known))
    proposal = known[number - 1]
    stage = dao.stage(proposal.number)
    if stage not in needed:
        wanted = " or ".join(each.name.lower() for each in needed)
        raise WrongStage(f"proposal {number} is {stage.name.lower()}, needed {wanted}")
    return proposal


def _does(fair: Fair, proposal: Proposal) -> list[str]:
    """Return what the proposal's calls do; what nobody can read, or gives power away, still begins with the alarm."""
    words = [fair.decoder.words(call) for call in proposal.calls]
    return [f"{ALARM if each.startswith(ALARM) else ''}Once executed, it {each.removeprefix(ALARM)}." for each in words]


def _lists(proposal: Proposal) -> tuple[list[str], list[int], list[bytes], bytes]:
    """Return a proposal as the Governor takes it."""
    calls = proposal.calls
    targets, values, data = [one.target for one in calls], [one.value_wei for one in calls], [one.data for one in calls]
    return targets, values, data, proposal.description_hash


def _pool(fair: Fair, task: int, node: str) -> ContractReader:
    found = fair.arena.stake_of(task, node)
    if not found.has_pool:
        raise TaskClosed(f"{node} takes no delegators in task {task}")
    return ContractReader(fair.rpc, POOLS, found.pool)


def _ballot(fields: Fields) -> dict[str, str]:
    """Return what a form gives to which gauge; raises `SettingRefused` where half of a choice is missing, or all."""
    given: dict[str, str] = {}
    for place in range(1, MOST_CHOICES + 1):
        name, percent = fields.get(f"gauge{place}", ""), fields.get(f"percent{place}", "").strip()
        if bool(name) != bool(percent):
            raise SettingRefused(f"choice {place}, {name or percent!r}: needs both a task or model and a percentage")
        if name in given:
            raise SettingRefused(f"{name} twice: needs each task or model once")
        if name:
            given[name] = percent
    if not given:
        raise SettingRefused("no choice: needs a task or model and a percentage")
    return given


def _number(fields: Fields, name: str) -> int:
    text = fields.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise SettingRefused(f"{name}={text!r}: needs a whole number")
    return int(text)


def _choice(fields: Fields, name: str, choices: type[Support] | type[Appearance]) -> str:
    given, known = fields.get(name, ""), [each.name.lower() for each in choices]
    if given not in known:
        raise SettingRefused(f"{name}={given!r}: needs one of {', '.join(known)}")
    return given


def _amount(fields: Fields) -> int:
    amount_wei = wei(fields.get("amount", "").strip(), "amount")
    if not amount_wei:
        raise SettingRefused("amount=0: needs more than 0 FML")
    return amount_wei


def _account(fields: Fields, is_needed: bool = True) -> str:
    """Return who signs; raises `SettingRefused` where nobody is named and it takes that."""
    given = fields.get("account", "").strip()
    if not given and not is_needed:
        return ""
    try:
        return checksum(address_of(given))
    except MarketError:
        raise SettingRefused(f"account={given!r}: needs the address that signs, 0x and 40 hex digits") from None
