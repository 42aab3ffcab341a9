"""What holders of locked FML sign: a proposal of their own, its stages, and the ballot of a week."""

import shlex
from collections.abc import Sequence

from fl_alliance.arena.events import fml
from fl_alliance.chain.dao import Appearance, Call, DaoView, Proposal, Support, reserved
from fl_alliance.chain.deploy import DAO, GAUGES, TOKEN
from fl_alliance.chain.gauges import ballot
from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.gauges import ballot_votes
from fl_alliance.chain.stages import Stage
from fl_alliance.console.drafts import Intent, allowance, step
from fl_alliance.console.fair import Fair
from fl_alliance.console.fields import Fields, account_of, choice_of, number_of
from fl_alliance.governance.actions import Actions
from fl_alliance.governance.decoding import ALARM
from fl_alliance.governance.errors import DaoUnknown, ProposalUnknown
from fl_alliance.governance.standing import require_stage
from fl_alliance.market.errors import SettingRefused

MOST_CHOICES = 8
"""Choices of a ballot by a form; the contract takes more."""
MOST_SETTINGS = 4
"""Parameters that a proposal by a form sets."""
_LONGEST_TEXT = 4_000


def vote(fair: Fair, fields: Fields) -> Intent:
    """Vote in a general meeting."""
    number, support = number_of(fields, "proposal"), choice_of(fields, "support", Support)
    proposal, account = _proposal(fair, number, Stage.ACTIVE), account_of(fields, is_needed=False)
    says = [f"Votes {support} on proposal {number}.", *_does(fair, proposal)]
    if account:
        votes_wei = _dao(fair).votes_wei(account, proposal.review_ends_at)
        says.append(f"{account} votes with {fml(votes_wei)}, which it had locked when the meeting began.")
    call = step(fair.reader(DAO), f"vote {support}", "castVote", proposal.number, Support[support.upper()])
    return Intent(
        f"Vote {support} on proposal {number}",
        says,
        [call],
        f"fl-alliance dao vote {number} {support}",
        account,
        f"/dao/{number}",
    )


def appear(fair: Fair, fields: Fields) -> Intent:
    """Sign in to a review, or flag the proposal."""
    number, how = number_of(fields, "proposal"), choice_of(fields, "how", Appearance)
    proposal = _proposal(fair, number, Stage.PENDING)
    meaning = {
        "present": "signs in to its review, so that a general meeting can be held",
        "scam": "flags it as a scam; enough flags, and its stake is lost",
        "frivolous": "flags it as frivolous; enough flags, and its stake is lost",
    }
    if how not in meaning:
        raise SettingRefused("how=none: needs present, scam or frivolous")
    call = step(fair.reader(DAO), f"appear as {how}", "appear", proposal.number, Appearance[how.upper()])
    command = f"attend {number}" if how == "present" else f"flag {number} {how}"
    title = f"Sign in to proposal {number}" if how == "present" else f"Flag proposal {number} as {how}"
    says = [f"Your account {meaning[how]}.", *_does(fair, proposal)]
    return Intent(title, says, [call], f"fl-alliance dao {command}", account_of(fields, False), f"/dao/{number}")


def queue(fair: Fair, fields: Fields) -> Intent:
    """Put a proposal that has passed into the time lock."""
    return _go_on(fair, fields, "queue", Stage.SUCCEEDED, "Puts a proposal that has passed into the time lock.")


def execute(fair: Fair, fields: Fields) -> Intent:
    """Make a proposal's calls."""
    return _go_on(fair, fields, "execute", Stage.QUEUED, "Makes the calls of a proposal whose time lock is over.")


def settle(fair: Fair, fields: Fields) -> Intent:
    """Send a decided proposal's stake where it belongs."""
    number, dao = number_of(fields, "proposal"), _dao(fair)
    proposal = _proposal(fair, number, *(stage for stage in Stage if stage.is_final))
    call = step(fair.reader(DAO), "settle", "settleStake", proposal.number)
    is_condemned = dao.is_condemned(proposal.number)
    whose = "the treasury, since flags have condemned it" if is_condemned else f"its author, {proposal.proposer}"
    says = [f"Sends the stake of proposal {number} to {whose}. Anybody may."]
    if dao.stage(proposal.number) is Stage.EXECUTED:
        reward = fml(dao.review(proposal.number).reward_wei)
        says.append(f"It was executed: the treasury pays its author {reward}, as far as it has them.")
    command = f"fl-alliance dao settle {number}"
    return Intent(f"Settle proposal {number}", says, [call], command, account_of(fields, False), f"/dao/{number}")


def gauge(fair: Fair, fields: Fields) -> Intent:
    """Cast the ballot of a week."""
    view, account = fair.gauges, account_of(fields)
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
    call = step(fair.reader(GAUGES), "cast the ballot", "vote", ballot(choices.values()))
    says = [f"{account} votes with {fml(held_wei)}, which it had locked when week {epoch + 1} began."]
    says += [
        f"{choice.bps / 100:g} % of them, {fml(ballot_votes(held_wei, choice.bps))}, go to {name}."
        for name, choice in choices.items()
    ]
    says += [f"{(BPS - all_bps) / 100:g} % are not used."] if all_bps < BPS else []
    says.append("One ballot a week: it cannot be changed. It counts in the week after.")
    given = " ".join(f"--give {name} {choice.bps / 100:g}" for name, choice in choices.items())
    command = f"fl-alliance dao gauge {given}"
    return Intent(f"Cast the ballot of week {epoch + 1}", says, [call], command, account, "/dao/gauges")


def cancel(fair: Fair, fields: Fields) -> Intent:
    """Take a proposal of one's own back."""
    number = number_of(fields, "proposal")
    proposal, dao = _proposal(fair, number, Stage.PENDING), fair.reader(DAO)
    steps = [
        step(dao, "take the proposal back", "cancel", *_lists(proposal)),
        step(dao, "take its stake back", "settleStake", proposal.number),
    ]
    says = [
        f"Takes proposal {number} back, and its stake to its author, {proposal.proposer}.",
        "Only its author may, in the review, and while nobody has flagged it.",
    ]
    command = f"fl-alliance dao cancel {number}"
    return Intent(f"Take proposal {number} back", says, steps, command, account_of(fields, False), f"/dao/{number}")


def propose(fair: Fair, fields: Fields) -> Intent:
    """Propose what a form names, with the stake that it takes."""
    dao, actions = _dao(fair), Actions(fair.rpc, fair.deployment)
    text = "\n".join(fields.get("text", "").strip().splitlines())
    settings, task, spend = _settings(fields), fields.get("verify", "").strip(), _spend(fields)
    if not text or len(text) > _LONGEST_TEXT:
        raise SettingRefused(f"text: has {len(text)} characters; needs 1 to {_LONGEST_TEXT}, why it is proposed")
    calls = actions.set(settings) + actions.spend(spend) + actions.verify([task] if task else [], is_verified=True)
    if not calls:
        raise SettingRefused("no action: needs a parameter and its value, a task to verify, or a payment")
    account, stake_wei, reader = account_of(fields), dao.terms().stake_wei, fair.reader(DAO)
    steps = [allowance(fair.reader(TOKEN), "the DAO", reader.address, stake_wei)]
    steps = [
        *(steps if stake_wei else []),
        step(reader, "propose it", "propose", *_columns(calls), reserved(text, account)),
    ]
    says = _words(fair, calls)
    says.append(f"{account} stakes {fml(stake_wei)} on it, which are lost if holders condemn it.")
    options = [word for setting in settings for word in ("--set", setting)]
    options += [word for pair in spend for word in ("--spend", *pair)] + (["--verify", task] if task else [])
    command = shlex.join(["fl-alliance", "dao", "propose", text, *options])
    return Intent("Make a proposal", says, steps, command, account, "/dao")


def _settings(fields: Fields) -> list[str]:
    """Return what parameters are to be set to, as NAME=VALUE; raises `SettingRefused` where half of one is missing."""
    found = []
    for place in range(1, MOST_SETTINGS + 1):
        name, value = fields.get(f"name{place}", ""), fields.get(f"value{place}", "").strip()
        if bool(name) != bool(value):
            raise SettingRefused(f"parameter {place}, {name or value!r}: needs both a name and a value")
        found += [f"{name}={value}"] if name else []
    return found


def _spend(fields: Fields) -> list[tuple[str, str]]:
    """Return whom to pay how many FML from the treasury; raises `SettingRefused` where half of that is missing."""
    to, amount = fields.get("to", "").strip(), fields.get("amount", "").strip()
    if bool(to) != bool(amount):
        raise SettingRefused(f"payment, {to or amount!r}: needs both an account, or gauges, and an amount")
    return [(to, amount)] if to else []


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
    require_stage(dao, number, proposal, fair.now(), *needed)
    return proposal


def _go_on(fair: Fair, fields: Fields, name: str, needed: Stage, meaning: str) -> Intent:
    """Take a proposal from a stage to its next one."""
    number = number_of(fields, "proposal")
    proposal = _proposal(fair, number, needed)
    call = step(fair.reader(DAO), name, name, *_lists(proposal))
    says = [f"{meaning} Anybody may.", *_does(fair, proposal)]
    title, command = f"{name.capitalize()} proposal {number}", f"fl-alliance dao {name} {number}"
    return Intent(title, says, [call], command, account_of(fields, False), f"/dao/{number}")


def _does(fair: Fair, proposal: Proposal) -> list[str]:
    """Return what a proposal's calls do."""
    return _words(fair, proposal.calls)


def _words(fair: Fair, calls: Sequence[Call]) -> list[str]:
    """Return what calls do; what nobody can read, or gives power away, still begins with the alarm."""
    words = [fair.decoder.words(call) for call in calls]
    return [f"{ALARM if each.startswith(ALARM) else ''}Once executed, it {each.removeprefix(ALARM)}." for each in words]


def _lists(proposal: Proposal) -> tuple[list[str], list[int], list[bytes], bytes]:
    """Return a proposal as the Governor takes it."""
    return *_columns(proposal.calls), proposal.description_hash


def _columns(calls: Sequence[Call]) -> tuple[list[str], list[int], list[bytes]]:
    return [one.target for one in calls], [one.value_wei for one in calls], [one.data for one in calls]


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
