"""A round as its chain tells it, in plain values: the coordinator writes it down, and the audit makes it again.

Both make it of the same steps by the same rules, so that a transcript holds exactly when the two are equal.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fl_alliance.chain.batches import SignedScores, SignedVote
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.reasons import by_member
from fl_alliance.chain.steps import (
    CommitVote,
    CommitVotes,
    DrawVoters,
    OpenRound,
    Propose,
    RevealScores,
    RevealVotes,
    Settle,
    SettleMenu,
    SkipRound,
    Step,
)
from fl_alliance.chain.types import Phase, Standing
from fl_alliance.chain.vrf import Proof, Tag

Account = Mapping[str, Any]
"""What a chain tells of one round; JSON can hold it, and every byte string is hexadecimal."""


class Scribe:
    """Follows one task, step by step."""

    def __init__(self) -> None:
        self._round = _blank()
        self._previous: bytes | None = None

    def take(self, step: Step, model: TaskModel) -> Account | None:
        """Note a step that was just applied to `model`; return the account of the round that it ended, if it ended one.

        Steps of other tasks must not come here.
        """
        if self._previous is None:
            self._previous = model.params.initial_model
        match step:
            case OpenRound() if model.stored_phase is not Phase.FINISHED:
                self._lead(Tag.PROPOSERS, step.proof, model)
            case Propose():
                self._propose(step, model)
            case DrawVoters():
                self._lead(Tag.VOTERS, step.proof, model)
            case CommitVotes():
                self._round["ballot"] = {"digest": step.digest.hex(), "complete": step.is_complete}
            case CommitVote():
                own = {"member": step.member, "commitment": step.commitment.hex(), "signature": step.signature.hex()}
                self._round["commitments"].append(own)
            case RevealVotes() | RevealScores():
                self._reveal(step, model)
            case Settle() | SettleMenu():
                self._reveal(step, model)
                return self._ended(model)
            case SkipRound():
                return self._ended(model)
        return None

    def _lead(self, tag: Tag, proof: Proof, model: TaskModel) -> None:
        lead = model.committee.leads[tag]
        self._round["seeds"].append(
            {
                "draw": tag.name.lower(),
                "leader": lead.member,
                "absent": list(lead.absent),
                "proof": [_plain(part) for part in proof.to_solidity()],
                "seed": model.seed.hex(),
            }
        )

    def _propose(self, step: Propose, model: TaskModel) -> None:
        known = {proposal["member"] for proposal in self._round["proposals"]}
        for one in step.proposals:
            if one.member not in known and model.committee.updates.get(one.member) == one.update:
                known.add(one.member)
                told = {"member": one.member, "update": one.update.hex(), "signature": one.signature.hex()}
                self._round["proposals"].append(told)

    def _reveal(self, step: RevealVotes | RevealScores | Settle | SettleMenu, model: TaskModel) -> None:
        committee = model.committee
        if committee.ballot is None:
            return  # nobody judges
        motion = model.judging.paper(step, committee).motion
        self._round["motion"] = motion.hex()
        if isinstance(step, RevealScores | SettleMenu):
            self._round["menu"] = step.menu.hex()
        known = {vote["member"] for vote in self._round["votes"]}
        for record in model.vote_records(step):
            if isinstance(record, SignedVote | SignedScores) and record.member not in known:
                known.add(record.member)
                self._round["votes"].append(_vote(record, model))

    def _ended(self, model: TaskModel) -> Account:
        committee, result = model.committee, model.settlement if self._round["votes"] else None
        deltas, reasons = by_member(model.lines)
        account = {
            "task": model.task,
            "chain": model.domain.chain_id,
            "contract": model.domain.contract,
            "code": model.params.code_digest.hex(),
            "config": model.params.config_digest.hex(),
            "round": committee.number,
            **self._round,
            "proposers": list(committee.proposers),
            "voters": list(committee.voters),
            "withheld": [member for member, how in committee.standings.items() if how is Standing.WITHHELD],
            "outcome": model.last_outcome.name.lower(),
            "yes": result.yes if result else 0,
            "no": result.no if result else 0,
            "previous": (self._previous or b"").hex(),
            "named": model.named.hex(),
            "model": model.model.hex(),
            "payouts": [
                {"member": member, "gwei": deltas[member], "why": reasons[member]} for member in sorted(deltas)
            ],
            "balances": list(model.balances),
            "pool": model.pool_gwei,
        }
        self._round, self._previous = _blank(), model.model
        return account


def _blank() -> dict[str, Any]:
    lists: dict[str, Any] = {name: [] for name in ("seeds", "proposals", "commitments", "votes")}
    return lists | {"ballot": None, "motion": None, "menu": None}


def _vote(vote: SignedVote | SignedScores, model: TaskModel) -> dict[str, Any]:
    told: dict[str, Any] = {
        "member": vote.member,
        "scores": list(model.committee.scores.get(vote.member, ())),
        "signature": vote.signature.hex(),
    }
    if isinstance(vote, SignedScores):
        told |= {"word": hex(vote.scores), "contributions": list(vote.contributions)}
    return told


def _plain(part: int | bool | tuple[int, ...]) -> Any:
    """Return a field of a proof as JSON holds it whole: numbers of 256 bits are hexadecimal."""
    if isinstance(part, bool):
        return part
    return [hex(one) for one in part] if isinstance(part, tuple) else hex(part)


def differences(found: Account, needed: Account) -> Iterator[tuple[str, Any, Any]]:
    """Yield the keys in which two accounts differ, with both values, in the order of the round."""
    for key in [*needed, *(key for key in found if key not in needed)]:
        if found.get(key) != needed.get(key) or (key in found) != (key in needed):
            yield key, found.get(key), needed.get(key)
