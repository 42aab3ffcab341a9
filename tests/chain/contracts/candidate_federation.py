"""A task that judges candidates, with the keys of all its members, and what a settlement of it must come to.

`reckon` puts the pure functions of `chain/rules` together by itself, so that the contract is compared with them twice:
here, and by the ledger's own model of a task.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from federation import DEPLOYER, FML, PARAMS, Chain, Federation, Receipt

from fl_alliance.chain.connect import close, connect
from fl_alliance.chain.deploy import deploy
from fl_alliance.chain.messages import Commitment, Scores, scores_content
from fl_alliance.chain.rules import pay
from fl_alliance.chain.rules.candidates import (
    MenuDigest,
    Row,
    convict,
    decide,
    decode_menu,
    encode_menu,
    next_evidence,
    pack_scores,
)
from fl_alliance.chain.rules.consensus import Outcome
from fl_alliance.chain.rules.draw import MAX_SEATS
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import CandidateTerms, Reward, Standing, TaskParams

BPS = 10_000
MAX_BALANCE = 2**51 - 1
PART = 0x80
VOTE = 2
"""IAlliance.Statement."""
TERMS = CandidateTerms(
    Reward.CONTRIBUTION,
    override_bps=6667,
    convict_bps=7500,
    suspect_at=56,
    offset=40,
    forgive=16,
    slash_above=112,
    escrow_bps=5000,
)

RecordTuple = tuple[int, int, int, int]
"""Evidence, average, escrow in gwei, agreement."""


@dataclass(frozen=True)
class Opinion:
    """What one voter says: a score of each entry of the menu, and points for each proposal, none if unpaid."""

    scores: tuple[int, ...]
    points: tuple[int, ...] = ()

    @property
    def word(self) -> bytes:
        return pack_scores(self.scores).to_bytes(32, "big")

    @property
    def packed(self) -> bytes:
        return b"".join(point.to_bytes(2, "big", signed=True) for point in self.points)


Opinions = Mapping[int, Opinion]


def menu(candidates: int, entries: int, rows: Sequence[Row]) -> bytes:
    """Return a menu of models that are called by their number."""
    assert len(rows) == candidates
    return encode_menu(MenuDigest(tuple(model(entry) for entry in range(entries)), tuple(rows)))


def model(entry: int) -> bytes:
    """Return the digest of the model that an entry stands for."""
    return keccak(b"model %d" % entry)


@dataclass
class CandidateFederation(Federation):
    """One task; `menu` is what its voters judge."""

    terms: CandidateTerms = TERMS
    menu: bytes = b""

    @classmethod
    def create_with(
        cls, chain: Chain, terms: CandidateTerms = TERMS, pool_wei: int = 1_000 * FML, **changes: Any
    ) -> "CandidateFederation":
        """Create a task with these terms, and PARAMS with these changes."""
        params = replace(PARAMS, **changes)
        chain.fml("approve", chain.deployment.alliance, 2**256 - 1)
        chain.send("createTask", cls.tuple_of(params), terms_tuple(terms), pool_wei)
        return cls(chain, params, pool_wei, chain.read("taskCount"), terms=terms)

    @property
    def motion(self) -> bytes:
        return keccak(self.menu)

    @property
    def proposed(self) -> list[int]:
        return self.standing_as(Standing.PROPOSED)

    @property
    def records_of(self) -> list[RecordTuple]:
        """The record of each member."""
        return [tuple(record) for record in self.chain.read("records", self.task)]

    @property
    def prior(self) -> tuple[int, ...] | None:
        """What the last round makes anybody expect, None before there was one."""
        candidates, improvements = self.chain.read("prior", self.task)
        return tuple(improvements) if candidates else None

    def docket(self, votes: Opinions, late: Iterable[int] = (), withheld: Iterable[int] = ()) -> "Docket":
        """Return what the settlement of these votes is reckoned from."""
        return Docket(
            params=self.params,
            terms=self.terms,
            menu=decode_menu(self.menu, len(self.proposed)),
            balances=self.balances,
            records=self.records_of,
            prior=self.prior,
            pool=self.pool,
            rounds_left=self.params.rounds - self.round + 1,
            proposers=self.proposed,
            votes=votes,
            late=frozenset(late),
            withheld=frozenset(withheld),
        )

    def simple_menu(self, candidates: int = 3, entries: int = 4, mark: int = 0) -> bytes:
        """Take, and return, a menu whose candidates hold all proposals, each of them with this mark."""
        row = Row(bytes([PART | mark]) * len(self.proposed), 1, entries - 1)
        self.menu = menu(candidates, entries, [row] * candidates)
        return self.menu

    def opinion(self, *scores: int, points: Iterable[int] | None = None) -> Opinion:
        """Return an opinion with points as the task needs them: none, or those given, or all the same."""
        if self.terms.reward is Reward.STAKE:
            return Opinion(scores)
        count = len(self.proposed)
        return Opinion(scores, tuple(points) if points is not None else (BPS // count,) * count)

    # --- what members sign and send; `scores` of the published rule is an Opinion here

    def vote(self, member: int, opinion: Any, **changes: Any) -> bytes:
        motion = changes.get("motion", self.motion)
        task, round_ = changes.get("task", self.task), changes.get("round", self.round)
        message = Scores(task, round_, motion, self.content(opinion))
        return message.sign(changes.get("key") or self.keys[member], changes.get("domain", self.chain.domain))

    def record(self, member: int, opinion: Any, flag: int = 0, **changes: Any) -> bytes:
        tag = (member | flag).to_bytes(2, "big")
        return tag + opinion.word + opinion.packed + self.vote(member, opinion, **changes)

    def own(self, member: int, opinion: Any) -> bytes:
        return self.record(member, opinion, flag=0x4000)

    def bare(self, member: int, opinion: Any) -> bytes:
        return (member | 0x8000).to_bytes(2, "big") + keccak(self.vote(member, opinion))

    def pair(self, member: int, opinion: Any) -> bytes:
        return member.to_bytes(2, "big") + keccak(self.vote(member, opinion))

    def digest(self, votes: Mapping[int, Any], motion: bytes | None = None) -> bytes:
        """Return what the relayer posts for a list of these votes."""
        return keccak((motion or self.motion) + keccak(self.pairs(votes)))

    def commit(self, votes: Mapping[int, Any], complete: bool | None = None, **changes: Any) -> Receipt:
        if complete is None:
            complete = len(votes) == self.params.voters
        digest = self.digest(votes, changes.get("motion"))
        return self.chain.send("commitVotes", self.task, digest, complete, by=changes.get("by", DEPLOYER))

    def commitment(self, member: int, opinion: Any, **changes: Any) -> tuple[bytes, bytes]:
        promised = changes.get("commitment", keccak(self.vote(member, opinion)))
        signed = Commitment(self.task, self.round, changes.get("motion", self.motion), promised).sign(
            self.keys[member], self.chain.domain
        )
        return signed[:32], signed[32:]

    def commit_own_call(self, member: int, opinion: Any, listed: Mapping[int, Any], **changes: Any) -> tuple[Any, ...]:
        promised = keccak(self.vote(member, opinion))
        signature = self.commitment(member, opinion, **changes)
        return ("commitVote", self.task, member, self.motion, keccak(self.pairs(listed)), promised, signature)

    def evidence(self, votes: Mapping[int, Any], *accused: int) -> tuple[Any, ...]:
        order = sorted(votes)
        records = [order.index(m).to_bytes(2, "big") + b"".join(self.commitment(m, votes[m])) for m in accused]
        return ("proveWithheld", self.task, self.motion, self.pairs(votes), b"".join(records))

    def content(self, opinion: Opinion) -> bytes:
        """Return what a voter signs of an opinion."""
        return scores_content(int.from_bytes(opinion.word, "big"), opinion.packed)

    @staticmethod
    def split(signature: bytes) -> tuple[bytes, bytes]:
        return signature[:32], signature[32:]

    def double_vote(self, member: int, first: Opinion, second: Opinion) -> tuple[Any, ...]:
        """Return the call that shows two opinions of a member on the menu."""
        signatures = [self.split(self.vote(member, opinion)) for opinion in (first, second)]
        statement = (self.round, member, VOTE, self.motion, self.content(first), self.content(second), *signatures)
        return ("slashEquivocation", self.task, statement)

    def settle_call(self, votes: bytes) -> tuple[Any, ...]:
        return ("settle", self.task, self.menu, votes)

    def settle_with(self, votes: bytes) -> dict[str, dict[str, Any]]:
        """Settle and return the events by name; a void round has no RoundJudged."""
        receipt = self.chain.send(*self.settle_call(votes))
        return dict(self.chain.events(receipt))

    def settles_as_reckoned(self, votes: bytes, docket: "Docket") -> "Reckoning":
        """Settle and compare everything that it leaves behind with what `reckon` makes of the docket."""
        events = self.settle_with(votes)
        expected = reckon(docket)
        assert dict(enumerate(self.balances)) == expected.balances
        assert dict(enumerate(self.records_of)) == expected.records
        assert (self.pool, self.prior) == (expected.pool, expected.prior)
        settled = events["RoundSettled"]
        assert (settled["outcome"], settled["poolGwei"]) == (expected.outcome, expected.pool)
        assert settled["model"] == docket.menu.digests[expected.winner]
        if expected.outcome is Outcome.VOID:
            assert "RoundJudged" not in events
            return expected
        judged = events["RoundJudged"]
        found = [judged["winner"], list(judged["convicted"]), list(judged["slashed"])]
        assert found == [expected.winner, expected.convicted, expected.slashed]
        return expected

    def judged(self, votes: Opinions) -> dict[str, dict[str, Any]]:
        """Commit and settle these votes of all the drawn voters."""
        self.commit(votes)
        return self.settle_with(self.records(votes))


def terms_tuple(terms: CandidateTerms) -> tuple[Any, ...]:
    return tuple(getattr(terms, name) for name in terms.__slots__)


@dataclass
class Reckoning:
    """What a settlement must leave behind, by member."""

    outcome: Outcome = Outcome.VOID
    winner: int = 0
    balances: dict[int, int] = field(default_factory=dict)
    records: dict[int, RecordTuple] = field(default_factory=dict)
    convicted: list[int] = field(default_factory=list)
    slashed: list[int] = field(default_factory=list)
    prior: tuple[int, ...] | None = None
    pool: int = 0
    bounty: int = 0


@dataclass(frozen=True)
class Docket:
    """What a settlement is reckoned from: all as it stands before it."""

    params: TaskParams
    terms: CandidateTerms
    menu: MenuDigest
    balances: Sequence[int]
    records: Sequence[RecordTuple]
    prior: tuple[int, ...] | None
    pool: int
    rounds_left: int
    proposers: Sequence[int]
    votes: Opinions
    late: frozenset[int] = frozenset()
    withheld: frozenset[int] = frozenset()


def reckon(d: Docket) -> Reckoning:
    """Return what the contract must come to."""
    result = Reckoning(balances=dict(enumerate(d.balances)), records=dict(enumerate(d.records)), prior=d.prior)
    result.pool = d.pool
    lost = sum(_slash(d, result, member) for member in d.withheld)
    weights = {member: min(d.balances[member], MAX_SEATS * d.params.min_stake_gwei) for member in d.votes}
    if 2 * len(d.votes) >= d.params.voters and sum(weights.values()):
        _pay(d, result, weights)
        lost += sum(_slash(d, result, member) for member in result.slashed)
    result.bounty = lost * d.params.bounty_bps // BPS
    result.pool += lost - result.bounty
    return result


def _pay(d: Docket, result: Reckoning, weights: Mapping[int, int]) -> None:
    rows, stakes = [v.scores for v in d.votes.values()], list(weights.values())
    candidates = len(d.menu.rows)
    decision = decide(rows, stakes, candidates, d.terms.override_bps)
    result.winner = decision.winner
    result.outcome = Outcome.ACCEPTED if decision.winner else Outcome.REJECTED
    row = d.menu.rows[decision.winner]
    suspects = row.suspects(d.terms.suspect_at) if convict(row, rows, stakes, d.terms.convict_bps) else ()
    result.convicted = [d.proposers[at] for at in suspects]
    usable = d.prior if d.prior is not None and len(d.prior) == candidates - 1 else None
    in_time = [member for member in d.votes if member not in d.late]
    rows, stakes = [d.votes[member].scores for member in in_time], [weights[member] for member in in_time]
    before = [d.records[member][3] for member in in_time]
    found, after = pay.voter_quality(rows, stakes, decision.medians, usable, before)
    qualities = dict(zip(in_time, found, strict=True))
    for member, agreement in zip(in_time, after, strict=True):
        result.records[member] = (*d.records[member][:3], agreement)
    result.prior = pay.next_prior(decision.medians)
    held = sum(d.balances[member] for member in d.proposers)
    parts = pay.reward_parts(d.pool // d.rounds_left, held, sum(d.balances[member] for member in in_time))
    claims = [d.balances[member] * qualities[member] for member in in_time]
    for member, share in zip(in_time, pay.shares(parts[1], claims), strict=True):
        gain = min(share, MAX_BALANCE - d.balances[member])
        result.balances[member] += gain
        result.pool -= gain
    means = [0] * len(d.proposers)
    if d.terms.reward is Reward.CONTRIBUTION and in_time:
        made_of = [one.parts() for one in d.menu.rows]
        points = [d.votes[member].points for member in in_time]
        credits_ = pay.credit_weights(rows, points, stakes, decision.medians, made_of)
        means = pay.mean_contributions(points, credits_)
    _pay_proposers(d, result, row, means, parts[0])


def _pay_proposers(d: Docket, result: Reckoning, row: Row, means: Sequence[int], part: int) -> None:
    by_stake = d.terms.reward is Reward.STAKE
    before = [d.records[member] for member in d.proposers]
    averages = [record[1] for record in before]
    if not by_stake:
        averages = [pay.next_average(average, mean) for average, mean in zip(averages, means, strict=True)]
    parts = {d.proposers[at] for at in row.parts()}
    claims = [
        0
        if result.winner == 0 or member in result.convicted or (by_stake and member not in parts)
        else (d.balances[member] if by_stake else average)
        for member, average in zip(d.proposers, averages, strict=True)
    ]
    for at, (member, share) in enumerate(zip(d.proposers, pay.shares(part, claims), strict=True)):
        evidence, slashed = next_evidence(
            before[at][0],
            row.marks[at],
            member in result.convicted,
            offset=d.terms.offset,
            forgive=d.terms.forgive,
            slash_above=d.terms.slash_above,
        )
        result.slashed += [member] * slashed
        escrow = pay.escrow(0, share, 0, True)
        if not by_stake:
            escrow = pay.escrow(before[at][2], share, d.terms.escrow_bps, member in result.convicted)
        room = MAX_BALANCE - d.balances[member]
        released = min(escrow.released, room)
        paid = min(escrow.paid, room - released)
        result.balances[member] += released + paid
        result.records[member] = (evidence, averages[at], before[at][2] - released + escrow.kept, before[at][3])
        result.pool -= paid + escrow.kept


def _slash(d: Docket, result: Reckoning, member: int) -> int:
    balance = d.balances[member]
    loss = min(balance, balance * d.params.slash_bps // BPS + d.params.slash_gwei)
    evidence, average, escrow, agreement = result.records[member]
    result.balances[member] -= loss
    result.records[member] = (evidence, average, 0, agreement)
    return loss + escrow


@contextmanager
def deployed_candidate_task(*stakes_fml: int) -> Iterator[CandidateFederation]:
    """The contracts on a chain of their own, with one started task whose members have these stakes."""
    w3 = connect("memory://")
    chain = Chain(w3, deploy(Sender(w3, DEPLOYER), rule="candidates"))
    task = CandidateFederation.create_with(chain)
    task.start(*stakes_fml)
    yield task
    close(w3)
