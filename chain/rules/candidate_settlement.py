"""What a round of candidate voting decides, pays and takes, member by member, in whole gwei.

Everything is computed from the balances and records before the settlement, and rounds in the pool's favour, so that
balances + escrows + pool + bounty never change in sum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fl_alliance.chain.rules.candidates import MARK_BITS, OLD, Decision, MenuDigest, Row, convict, decide, next_evidence
from fl_alliance.chain.rules.consensus import Outcome, quorum
from fl_alliance.chain.rules.draw import MAX_SEATS
from fl_alliance.chain.rules.judgement import Judgement, ProposerPay, VoterPay
from fl_alliance.chain.rules.pay import (
    credit_weights,
    escrow,
    mean_contributions,
    next_average,
    next_prior,
    reward_parts,
    shares,
    voter_quality,
)
from fl_alliance.chain.rules.settlement import (
    MAX_BALANCE_GWEI,
    Line,
    Reason,
    Settlement,
    Why,
    balanced,
    round_reward,
    slash_amount,
)
from fl_alliance.chain.types import CandidateTerms, Record, Reward, Standing, TaskParams


@dataclass(frozen=True, slots=True)
class Session:
    """One round as it stands when it is settled.

    Attributes
    ----------
    pool_gwei, rounds_left : int
        The task's pool, and the rounds not yet settled or void, this one included.
    balances, standings, records : mapping
        Of each drawn member; who has no record yet may be missing from the last.
    menu : MenuDigest
        What was judged; one mark for each member with standing PROPOSED, ascending.
    scores, contributions : mapping
        What each voter who revealed says of the menu's entries and, where the task asks, of the proposals.
    prior : tuple of int or None
        By how much each candidate beat the old model in the last round that was not void, if there was one.
    """

    params: TaskParams
    terms: CandidateTerms
    pool_gwei: int
    rounds_left: int
    balances: Mapping[int, int]
    standings: Mapping[int, Standing]
    records: Mapping[int, Record]
    menu: MenuDigest
    scores: Mapping[int, Sequence[int]]
    contributions: Mapping[int, Sequence[int]]
    prior: tuple[int, ...] | None

    @property
    def proposers(self) -> tuple[int, ...]:
        """Members who proposed, ascending."""
        return tuple(sorted(m for m, standing in self.standings.items() if standing is Standing.PROPOSED))

    @property
    def voters(self) -> tuple[int, ...]:
        """Members who revealed, late ones included, ascending."""
        return tuple(sorted(m for m, standing in self.standings.items() if standing.is_yes))

    @property
    def in_time(self) -> tuple[int, ...]:
        """Members who revealed and may be paid for it, ascending: who was late could see their votes first."""
        return tuple(m for m in self.voters if self.standings[m] is Standing.VOTED_YES)

    def record(self, member: int) -> Record:
        """Return a member's record before the round."""
        return self.records.get(member, Record())

    def weight(self, member: int) -> int:
        """Return what a voter's word weighs, in gwei: its balance, as far as that gives it seats to be drawn by."""
        return min(self.balances[member], MAX_SEATS * self.params.min_stake_gwei)

    def sum_of(self, members: Sequence[int]) -> int:
        """Return what members hold together."""
        return sum(self.balances[member] for member in members)


def settle_candidates(session: Session) -> Settlement:
    """Settle a round of candidate voting.

    Void if fewer than half of the drawn voters revealed, or those who did hold nothing: then only who withheld a vote
    loses. Else the winner is adopted, its suspects answer for themselves, the reward is shared between proposers and
    voters by the sums of their balances, and nobody loses for having scored as it did.
    """
    voters = session.voters
    if len(voters) < quorum(session.params.voters) or session.sum_of(voters) == 0:
        lines = tuple(_unpaid(session, member, 0) for member in sorted(session.standings))
        draft = Settlement(Outcome.VOID, len(voters), 0, 0, lines, 0, 0)
    else:
        draft = _judged(session)
    return balanced(session.params, session.pool_gwei, draft)


def _judged(session: Session) -> Settlement:
    reward = round_reward(session.pool_gwei, session.rounds_left)
    parts = reward_parts(reward, session.sum_of(session.proposers), session.sum_of(session.in_time))
    judgement = _judge(session)
    proposers = _proposers(session, judgement, parts[0])
    voters = _voters(session, judgement, parts[1])
    lines = tuple(
        _proposer_line(session, member, reward, judgement, proposers[member])
        if member in proposers
        else _voter_line(session, member, reward, voters[member])
        if member in voters
        else _unpaid(session, member, reward)
        for member in sorted(session.standings)
    )
    judgement = replace(judgement, records={member: pay.after for member, pay in (proposers | voters).items()})
    outcome = Outcome.REJECTED if judgement.winner == OLD else Outcome.ACCEPTED
    return Settlement(outcome, len(session.voters), 0, reward, lines, 0, 0, judgement)


def _judge(session: Session) -> Judgement:
    """Return what the voters decided, with records as far as they do not follow from what is paid."""
    terms, voters, proposers = session.terms, session.voters, session.proposers
    scores, weights = [session.scores[m] for m in voters], [session.weight(m) for m in voters]
    decision = decide(scores, weights, len(session.menu.rows), terms.override_bps)
    row = session.menu.rows[decision.winner]
    is_convicted = convict(row, scores, weights, terms.convict_bps)
    suspects = tuple(proposers[at] for at in row.suspects(terms.suspect_at))
    convicted = suspects if is_convicted else ()
    credits_ = _credits(session, decision)
    contributions = _contributions(session, credits_)
    records, slashed = _weighed(session, row, convicted, contributions)
    qualities, agreed = _heard(session, decision)
    return Judgement(
        decision=decision,
        is_convicted=is_convicted,
        against=_against(row, scores, weights),
        convicted=convicted,
        slashed=slashed,
        qualities=qualities,
        contributions=contributions,
        credits=credits_,
        records=records | agreed,
        prior=next_prior(decision.medians),
    )


def _heard(session: Session, decision: Decision) -> tuple[dict[int, int], dict[int, Record]]:
    """Return the qualities, and the records after the round, of the voters who revealed in time."""
    members, before = session.in_time, {member: session.record(member) for member in session.in_time}
    qualities, after = voter_quality(
        [session.scores[member] for member in members],
        [session.weight(member) for member in members],
        decision.medians,
        _usable(session),
        [record.agreement for record in before.values()],
    )
    agreed = {member: replace(before[member], agreement=to) for member, to in zip(members, after, strict=True)}
    return dict(zip(members, qualities, strict=True)), agreed


def _credits(session: Session, decision: Decision) -> dict[int, int]:
    """Return what each voter's word on contributions weighs; nothing where the task does not ask."""
    if session.terms.reward is not Reward.CONTRIBUTION:
        return {}
    members = session.in_time
    credits_ = credit_weights(
        [session.scores[member] for member in members],
        [session.contributions[member] for member in members],
        [session.weight(member) for member in members],
        decision.medians,
        [row.parts() for row in session.menu.rows],
    )
    return dict(zip(members, credits_, strict=True))


def _contributions(session: Session, credits_: Mapping[int, int]) -> dict[int, int]:
    """Return what the voters, in the mean by these weights, credit each proposer with."""
    if session.terms.reward is not Reward.CONTRIBUTION:
        return {}
    if not credits_:
        return dict.fromkeys(session.proposers, 0)
    credited = [session.contributions[member] for member in credits_]
    return dict(zip(session.proposers, mean_contributions(credited, list(credits_.values())), strict=True))


def _usable(session: Session) -> tuple[int, ...] | None:
    """Return the prior, if it is about as many candidates as this menu has beside the old model."""
    prior = session.prior
    return prior if prior is not None and len(prior) == len(session.menu.rows) - 1 else None


def _weighed(
    session: Session, row: Row, convicted: Sequence[int], contributions: Mapping[int, int]
) -> tuple[dict[int, Record], tuple[int, ...]]:
    """Return the proposers' records with evidence and averages after the round, and whom the evidence slashes."""
    terms, records, slashed = session.terms, {}, []
    for at, member in enumerate(session.proposers):
        before = session.record(member)
        evidence, is_slashed = next_evidence(
            before.evidence,
            row.marks[at] & MARK_BITS,
            member in convicted,
            offset=terms.offset,
            forgive=terms.forgive,
            slash_above=terms.slash_above,
        )
        average = next_average(before.average, contributions[member]) if contributions else before.average
        records[member] = replace(before, evidence=evidence, average=average)
        slashed += [member] if is_slashed else []
    return records, tuple(slashed)


def _against(row: Row, scores: Sequence[Sequence[int]], weights: Sequence[int]) -> int:
    """Return the weight that finds the row's question worse than its reference."""
    return sum(w for s, w in zip(scores, weights, strict=True) if s[row.question] > s[row.reference])


def _proposers(session: Session, judgement: Judgement, part_gwei: int) -> dict[int, ProposerPay]:
    """Return how each proposer comes out, before what a member can hold at most."""
    members, row = session.proposers, session.menu.rows[judgement.winner]
    parts = {members[at] for at in row.parts()}
    claims = [_claim(session, judgement, member, member in parts) for member in members]
    paid = shares(part_gwei, claims)
    pays = {}
    for at, member in enumerate(members):
        before, is_convicted = session.record(member), member in judgement.convicted
        is_slashed, share = member in judgement.slashed, paid[at]
        kept = released = 0
        if session.terms.reward is Reward.CONTRIBUTION:
            plan = escrow(before.escrow_gwei, share, session.terms.escrow_bps, is_convicted)
            kept, released = plan.kept, min(plan.released, MAX_BALANCE_GWEI - session.balances[member])
        lost = before.escrow_gwei if is_slashed else 0
        after = replace(judgement.records[member], escrow_gwei=before.escrow_gwei - released + kept - lost)
        pays[member] = ProposerPay(
            is_part=member in parts,
            mark=row.marks[at] & MARK_BITS,
            is_convicted=is_convicted,
            contribution=judgement.contributions.get(member, 0),
            claim=claims[at],
            claims=sum(claims),
            part_gwei=part_gwei,
            share_gwei=share,
            kept_gwei=kept,
            released_gwei=released,
            lost_gwei=lost,
            before=before,
            after=after,
        )
    return pays


def _claim(session: Session, judgement: Judgement, member: int, is_part: bool) -> int:
    """Return what a proposer's share goes by; 0 for who gets none."""
    if judgement.winner == OLD or member in judgement.convicted:
        return 0
    if session.terms.reward is Reward.CONTRIBUTION:
        return max(0, judgement.records[member].average)
    return session.balances[member] if is_part else 0


def _voters(session: Session, judgement: Judgement, part_gwei: int) -> dict[int, VoterPay]:
    """Return how each voter who revealed in time comes out, before what a member can hold at most."""
    members = session.in_time
    claims = [session.balances[member] * judgement.qualities[member] for member in members]
    paid = shares(part_gwei, claims)
    best = max(judgement.qualities.values(), default=0)
    return {
        member: VoterPay(
            quality=judgement.qualities[member],
            best_quality=best,
            before=session.record(member),
            after=judgement.records[member],
            claim=claims[at],
            claims=sum(claims),
            part_gwei=part_gwei,
            share_gwei=paid[at],
        )
        for at, member in enumerate(members)
    }


def _proposer_line(session: Session, member: int, reward: int, judgement: Judgement, pay: ProposerPay) -> Line:
    balance = session.balances[member]
    if member in judgement.slashed:
        return _loss(session, member, Why.CONVICTED_AGAIN, reward, pay)
    free = min(pay.share_gwei - pay.kept_gwei, MAX_BALANCE_GWEI - balance - pay.released_gwei)
    reason = Reason(_why(session, judgement, pay), len(session.voters), 0, reward, balance, pay=pay)
    return Line(member, Standing.PROPOSED, pay.released_gwei + free, reason, pay.kept_gwei - pay.released_gwei)


def _why(session: Session, judgement: Judgement, pay: ProposerPay) -> Why:
    if pay.is_convicted:
        return Why.CONVICTED
    if judgement.winner == OLD:
        return Why.OLD_MODEL_WON
    if session.terms.reward is Reward.CONTRIBUTION:
        return Why.CONTRIBUTED
    return Why.PART_OF_WINNER if pay.is_part else Why.NOT_PART


def _voter_line(session: Session, member: int, reward: int, pay: VoterPay) -> Line:
    balance = session.balances[member]
    reason = Reason(Why.SCORED, len(session.voters), 0, reward, balance, pay=pay)
    return Line(member, session.standings[member], min(pay.share_gwei, MAX_BALANCE_GWEI - balance), reason)


def _unpaid(session: Session, member: int, reward: int) -> Line:
    """Return the line of who gains nothing, and loses where it has withheld a vote."""
    standing = session.standings[member]
    why = _ALWAYS.get(standing, Why.VOID_ROUND)
    if why is Why.WITHHELD_VOTE:
        return _loss(session, member, why, reward, None)
    return Line(member, standing, 0, Reason(why, len(session.voters), 0, reward, session.balances[member]))


def _loss(session: Session, member: int, why: Why, reward: int, pay: ProposerPay | None) -> Line:
    """Return the line of who is slashed; its escrow goes with it."""
    params, balance, held = session.params, session.balances[member], session.record(member).escrow_gwei
    reason = Reason(
        why,
        yes=len(session.voters),
        reward_gwei=reward,
        balance_gwei=balance,
        rate_bps=params.slash_bps,
        fixed_gwei=params.slash_gwei,
        escrow_gwei=held,
        pay=pay,
    )
    return Line(
        member,
        session.standings[member],
        -slash_amount(balance, params.slash_bps, params.slash_gwei),
        reason,
        -held,
    )


_ALWAYS = {
    Standing.WITHHELD: Why.WITHHELD_VOTE,
    Standing.COMMITTED: Why.WITHHELD_VOTE,
    Standing.SILENT_PROPOSER: Why.SILENT,
    Standing.SILENT_VOTER: Why.SILENT,
    Standing.LATE: Why.SILENT,
    Standing.LATE_YES: Why.VOTED_LATE,
}
