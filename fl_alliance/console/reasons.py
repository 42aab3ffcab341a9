"""Why a transaction brought an account FML, or took them: its events in plain words, as far as they are about it."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fl_alliance.arena.events import fml
from fl_alliance.chain import strict_json
from fl_alliance.chain.arena_types import Role
from fl_alliance.chain.dao import Appearance, Support
from fl_alliance.chain.deploy import (
    ALLIANCE_MARKET,
    ARENA,
    DAO,
    DOCUMENTS,
    MODELS,
    POOLS,
    REVENUE,
    TOKEN,
    TREASURY,
    VOTES,
)
from fl_alliance.chain.documents import Verdict as DocumentVerdict
from fl_alliance.chain.market_events import MarketEvent
from fl_alliance.chain.rules.words import ZERO_ADDRESS

Told = Mapping[str, Any]
_WAD = 10**18


class Reasons:
    """Tells why, from a transaction's events and from those before it.

    Parameters
    ----------
    db : sqlite3.Connection
        The market's index, with everything before.
    names : mapping of str to str
        Address -> contract.
    """

    def __init__(self, db: sqlite3.Connection, names: Mapping[str, str]) -> None:
        self._db, self._names = db, names

    def of(self, account: str, events: Iterable[MarketEvent]) -> list[str]:
        """Return the sentences about an account, transfers only where nothing else says why."""
        known = list(events)
        told = [self._one(account, event) for event in known if event.source != TOKEN]
        said = list(dict.fromkeys(text for text in told if text))
        return said or [text for event in known if event.source == TOKEN and (text := self._transfer(account, event))]

    def _one(self, account: str, event: MarketEvent) -> str:
        known = _TOLD.get((event.source, event.name))
        if known is None or account not in (event.values.get(known[0]), *([event.address] if not known[0] else [])):
            return ""
        return known[1](self, event)

    def _transfer(self, account: str, event: MarketEvent) -> str:
        if event.name != "Transfer":
            return ""
        sent, to, amount = event.values["from"], event.values["to"], fml(event.values["value"])
        if account == sent:
            return f"burned {amount}" if to == ZERO_ADDRESS else f"sent {amount} to {self.name(to)}"
        if account == to:
            return f"was minted {amount}" if sent == ZERO_ADDRESS else f"received {amount} from {self.name(sent)}"
        return ""

    def name(self, address: str) -> str:
        """Return what to call an address."""
        return f"the {self._names[address]} contract" if address in self._names else address

    def claimed(self, event: MarketEvent) -> str:
        """Return what a claim paid, by which share of what."""
        told = event.values
        parts = []
        if told["paidWei"] or not told["feeWei"]:
            parts.append(f"was paid {fml(told['paidWei'])} for day {told['day']} of task {told['task']}")
        if share := self._share(told):
            parts.append(share)
        if told["pushedWei"]:
            parts.append(f"{fml(told['pushedWei'])} more went to its delegators")
        if told["feeWei"]:
            parts.append(f"got its fee of {fml(told['feeWei'])} back")
        return ", ".join(parts)

    def _share(self, told: Told) -> str:
        fixed = self._newest("ShareFixed", told["task"], day=told["day"], account=told["account"])
        staked = self._newest("Staked", told["task"], account=told["account"])
        finished = self._newest("DayFinished", told["task"], day=told["day"])
        if not (fixed and staked and finished):
            return ""
        role = Role(staked["role"])
        part = "nodes" if role is Role.NODE else "validators"
        return (
            f"{fixed['shareWad'] * 100 / _WAD:.2f} % of the {fml(finished[f'{part}NowWei'])} that {part} got that day"
        )

    def _newest(self, name: str, task: int, **fields: Any) -> Told | None:
        """Return the newest event of one name in an Arena's task, of a day or an account where these are given."""
        where = "".join(f" AND {field} = ?" for field in fields)
        row = self._db.execute(
            f"SELECT fields FROM event WHERE source = ? AND name = ? AND task = ?{where} "  # noqa: S608  our own names
            "ORDER BY block DESC, place DESC LIMIT 1",
            (ARENA, name, task, *fields.values()),
        ).fetchone()
        return strict_json.parse(row[0]) if row else None

    def proposal(self, event: MarketEvent) -> str:
        """Return a proposal by how-manyth it is."""
        known = self._db.execute(
            "SELECT fields FROM event WHERE source = ? AND name = 'ProposalCreated' ORDER BY block, place", (DAO,)
        )
        numbers = [strict_json.parse(text)["proposalId"] for (text,) in known]
        identity = event.values["proposalId"]
        return f"proposal {numbers.index(identity) + 1}" if identity in numbers else "a proposal"

    def pool(self, event: MarketEvent) -> str:
        """Return a delegation pool by whose it is."""
        found = self._db.execute("SELECT * FROM pool WHERE address = ?", (event.address,)).fetchone()
        if found is None:
            return f"the pool {event.address}"
        _, _, source, task, delegate = found
        return f"{delegate} in task {task} of {'the Arena' if source == ARENA else 'FL Alliance'}"


def _staked(reasons: Reasons, event: MarketEvent) -> str:
    told = event.values
    return f"staked {fml(told['amountWei'])} as {Role(told['role']).name.lower()} in task {told['task']}"


def _slashed(reasons: Reasons, event: MarketEvent) -> str:
    told = event.values
    behind = f" and {fml(told['delegatedWei'])} of its delegators" if told["delegatedWei"] else ""
    return f"lost {fml(told['ownWei'])} of its stake{behind} on day {told['day']} of task {told['task']}: a slash"


def _submitted(reasons: Reasons, event: MarketEvent) -> str:
    told = event.values
    return f"handed in a model on day {told['day']} of task {told['task']}, place {told['place']}, with the fee"


def _judged(reasons: Reasons, event: MarketEvent) -> str:
    told = event.values
    verdict = DocumentVerdict(told["verdict"]).name.lower()
    return f"found document {told['document']} {verdict} with {fml(told['votesWei'])}"


def _paid_call(reasons: Reasons, event: MarketEvent) -> str:
    told = event.values
    amount = fml(told["hostWei"] + told["contributorsWei"] + told["burnedWei"])
    calls = f"{told['calls']:,} calls" if told["calls"] else "calls"
    return f"paid {amount} for {calls} of model {told['model']}"


_TOLD: Mapping[tuple[str, str], tuple[str, Callable[[Reasons, MarketEvent], str]]] = {
    (ARENA, "TaskCreated"): (
        "creator",
        lambda _, e: f"created task {e.values['task']}, paying in {fml(e.values['fundWei'])}",
    ),
    (ARENA, "Staked"): ("account", _staked),
    (ARENA, "Unlocked"): (
        "account",
        lambda _, e: f"took {fml(e.values['amountWei'])} of stake out of task {e.values['task']}",
    ),
    (ARENA, "Claimed"): ("account", Reasons.claimed),
    (ARENA, "Slashed"): ("account", _slashed),
    (ARENA, "SubmissionCommitted"): ("node", _submitted),
    (ALLIANCE_MARKET, "RewardClaimed"): (
        "delegate",
        lambda _, e: f"its delegators in task {e.values['task']} of FL Alliance got {fml(e.values['amountWei'])}",
    ),
    (POOLS, "Deposit"): ("owner", lambda r, e: f"delegated {fml(e.values['assets'])} to {r.pool(e)}"),
    (POOLS, "Withdraw"): ("owner", lambda r, e: f"took {fml(e.values['assets'])} back from {r.pool(e)}"),
    (POOLS, "RedeemRequested"): ("owner", lambda r, e: f"asked what it delegated back from {r.pool(e)}"),
    (DAO, "ProposalCreated"): ("proposer", lambda r, e: f"made {r.proposal(e)}, with a stake"),
    (DAO, "Appeared"): (
        "holder",
        lambda r, e: (
            f"appeared in the review of {r.proposal(e)}: {Appearance(e.values['appearance']).name.lower()}, "
            f"with {fml(e.values['votesWei'])}"
        ),
    ),
    (DAO, "VoteCast"): (
        "voter",
        lambda r, e: (
            f"voted {Support(e.values['support']).name.lower()} on {r.proposal(e)} with {fml(e.values['weight'])}"
        ),
    ),
    (DAO, "StakeSettled"): (
        "to",
        lambda r, e: (
            f"got the stake of {r.proposal(e)}, {fml(e.values['stakeWei'])}, and a reward of "
            f"{fml(e.values['rewardWei'])}"
        ),
    ),
    (VOTES, "Locked"): ("account", lambda _, e: f"locked {fml(e.values['amountWei'])} to vote"),
    (VOTES, "UnlockRequested"): ("account", lambda _, e: f"asked {fml(e.values['amountWei'])} of locked FML back"),
    (VOTES, "Withdrawn"): ("account", lambda _, e: f"took {fml(e.values['amountWei'])} of locked FML out"),
    (TREASURY, "Spent"): ("to", lambda _, e: "was paid from the treasury, as a proposal said"),
    (TREASURY, "Rewarded"): (
        "proposer",
        lambda _, e: f"was rewarded {fml(e.values['amountWei'])} from the treasury for a proposal that was executed",
    ),
    (MODELS, "Listed"): ("host", lambda _, e: f"listed model {e.values['model']}, with a stake"),
    (MODELS, "Rated"): ("caller", lambda _, e: f"rated model {e.values['model']}: {e.values['stars']} of 5"),
    (REVENUE, "Deposited"): ("payer", lambda _, e: f"put {fml(e.values['amountWei'])} into its account for calls"),
    (REVENUE, "Withdrawn"): ("payer", lambda _, e: f"took {fml(e.values['amountWei'])} out of its account for calls"),
    (REVENUE, "Paid"): ("payer", _paid_call),
    (REVENUE, "Held"): (
        "payer",
        lambda _, e: f"had {fml(e.values['valueWei'])} held for a call of model {e.values['model']}",
    ),
    (REVENUE, "GivenBack"): (
        "payer",
        lambda _, e: f"had {fml(e.values['valueWei'])} back, which was held for a call of model {e.values['model']}",
    ),
    (DOCUMENTS, "Contributed"): (
        "contributor",
        lambda _, e: (
            f"contributed document {e.values['document']} to the knowledge base of model {e.values['model']}, "
            "with a stake"
        ),
    ),
    (DOCUMENTS, "Judged"): ("holder", _judged),
    (DOCUMENTS, "Withdrawn"): ("contributor", lambda _, e: f"took {fml(e.values['amountWei'])} that documents earned"),
}
"""(contract, event) -> the field that names the account it is about, and the sentence."""
