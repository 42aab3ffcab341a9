"""Random tasks, step by step, through the contract and through its model: both take or refuse each step alike.

An invariant that no step could break proves nothing, so the steps that succeed are counted and the count asserted,
and so are the refusals, by their class.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from machines import play_machine

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.alliance_refusals import (
    AlreadyLeaving,
    AlreadyRegistered,
    BadBatch,
    BadContributions,
    BadMenu,
    BadScore,
    BadSignature,
    EnoughMembers,
    KeyTaken,
    NotAllowed,
    NothingThere,
    NotMember,
    NotWholeGwei,
    SameStatement,
    StakeTooHigh,
    StakeTooLow,
    TooEarly,
    TooFewMembers,
    TooLate,
    VrfProofRejected,
    WrongBallot,
    WrongPhase,
    WrongStanding,
)
from fl_alliance.chain.batches import Evidence, Listed, RevealedVote, SignedProposal, VoteRecord, WholeList, list_hash
from fl_alliance.chain.errors import VrfInvalid
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.messages import Commitment, Leave, Proposal, Scores, Vote, commitment
from fl_alliance.chain.refusals import ERC3009InvalidSignature, Refused
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.candidates import PART_OF, Row
from fl_alliance.chain.rules.settlement import MAX_BALANCE_GWEI
from fl_alliance.chain.steps import (
    Abandon,
    Cancel,
    CommitVote,
    DrawVoters,
    Finish,
    Fund,
    LeaveTask,
    LeaveTaskWithSignature,
    OpenRound,
    Propose,
    ProveWithheld,
    Register,
    SkipRound,
    SlashEquivocation,
    Start,
    Statement,
    Step,
    TaskStep,
    Withdraw,
    WithdrawCredit,
    WithdrawPool,
    WithdrawQueued,
)
from fl_alliance.chain.types import WEI_PER_FML, WEI_PER_GWEI, CandidateTerms, Phase, Reward, Standing
from fl_alliance.chain.vrf import Proof, Tag

MIN_STAKE_WEI = 10 * WEI_PER_FML
RICH_WEI = (MAX_BALANCE_GWEI + 1) * WEI_PER_GWEI
SCORES = ((0, 0), (500_000, 475_000), (500_000, 474_999), (500_000, 500_000), (1_000_000, 950_000), (1_000_000, 0))
SHARES = (0, 1, 333, 1000, 10_000)

Found = Callable[..., Any]
seeds = st.integers(0, 2**32)
"""Of a die for each act: drawn by Hypothesis itself, choices lean to the extremes and tasks never get on."""


class TaskMachine(RuleBasedStateMachine):
    """One task in which anybody does anything, what the task waits for more often than not."""

    found: Found
    """Set by the test: makes a federation on a chain."""
    anchor: Callable[[], Any]
    """Set by the test: a context that puts the chain back when it ends."""
    taken: Counter[str]
    refused: Counter[str]
    VOTERS: tuple[int, ...] = (0, 1, 2, 3, 3)

    @initialize(seed=seeds)
    def found_task(self, seed: int) -> None:
        dice, self.seed, self.acts = random.Random(seed), seed, 0
        self._anchor = self.anchor()
        self._anchor.__enter__()
        nodes, proposers, voters = dice.randint(2, 8), dice.randint(1, 2), dice.choice(self.VOTERS)
        self.federation = self.found(
            nodes=nodes,
            start=nodes >= proposers + voters and dice.random() < 0.7,
            pool_wei=dice.randint(0, 10**12) * WEI_PER_GWEI,
            proposers=proposers,
            voters=voters,
            rounds=dice.randint(2, 5),
            slash_bps=dice.choice(SHARES),
            slash_gwei=dice.choice((0, 1, 10**9, MAX_BALANCE_GWEI)),
            terms=self.terms(dice),
            absence_bps=dice.choice(SHARES),
            bounty_bps=dice.choice(SHARES),
            min_stake_gwei=MIN_STAKE_WEI // WEI_PER_GWEI,
            quorum=dice.randint(1, proposers),
            grace_s=dice.choice((0, 0, 0, 1, 40, 400)),
        )
        self.ledger: Alliance = self.federation.ledger
        self.task: int = self.federation.task
        self.strangers: Alliance = self.federation.stranger()
        self.next_key = nodes
        self.pledged: dict[int, RevealedVote] = {}
        self.listed: list[int] = []
        self.candidate = bytes(32)
        self.signed_round = 0

    def teardown(self) -> None:
        if hasattr(self, "strangers"):
            self.drain()
            self._anchor.__exit__(None, None, None)

    @rule(seed=seeds)
    def act(self, seed: int) -> None:
        """Somebody does something, by weights that depend on the phase."""
        self.acts += 1
        dice = random.Random(f"{self.seed} {self.acts} {seed}")
        acts: list[tuple[int, Callable[[random.Random], Any]]] = [
            (3, self.wait_for_something),
            (2, self.register),
            (1, self.register_by_authorization),
            (2, self.leave),
            (2, self.call_at_any_time),
            (2, self.act_out_of_turn),
            (1, self.slash_equivocation),
        ]
        acts += {
            Phase.REGISTRATION: [(8, self.end_registration)],
            Phase.IDLE: [(20, self.open_round), (4, self.finish), (2, self.wait_for_skip)],
            Phase.PROPOSING: [(20, self.propose), (2, self.wait_for_skip)],
            Phase.LOCKED: [
                (20, self.draw_voters if self.model.params.voters else self.settle),
                (2, self.wait_for_skip),
            ],
            Phase.COMMITTING: [(20, self.commit_votes), (1, self.wait_for_skip)],
            Phase.REVEALING: [
                (8, self.commit_own),
                (8, self.reveal_votes),
                (6, self.prove_withheld),
                (6, self.settle),
                (1, self.wait_for_skip),
            ],
            Phase.FINISHED: [(6, self.withdraw), (6, self.withdraw_credit)],
        }[self.phase]
        weights, chosen = zip(*acts, strict=True)
        dice.choices(chosen, weights)[0](dice)

    # how a step is taken

    @property
    def model(self) -> TaskModel:
        model: TaskModel = self.federation.model
        return model

    @property
    def phase(self) -> Phase:
        return self.model.phase(self.ledger.now() + 1)

    @property
    def members(self) -> range:
        return range(len(self.model.roster.nodes))

    def take(self, step: Step, sender: Alliance | None = None) -> bool:
        """Send a step, having asked a copy of the model what becomes of it; return whether it was taken."""
        sender = sender or self.strangers
        self.federation.tick()
        expected = self.expected(step, sender.sender.address)
        note(f"at {self.ledger.now() + 1}: {step}; expected: {expected!r}")
        refusal = self.sent(step, sender)
        if refusal is not None:
            assert expected is not None, f"the contract refuses what the model takes: {step}: {refusal}"
            assert_alike(expected, refusal)
            self.refused[type(refusal).__name__] += 1
            return False
        assert expected is None, f"the contract takes what the model refuses: {step}: {expected}"
        self.taken[type(step).__name__] += 1
        self.federation.assert_equals_chain()
        return True

    def sent(self, step: Step, sender: Alliance) -> Refused | None:
        try:
            sender.send(step)
        except Refused as refusal:
            return refusal
        return None

    def expected(self, step: Step, sender: str) -> Refused | VrfInvalid | None:
        try:
            self.ledger.models().copy().apply(step, self.ledger.now() + 1, sender)
        except (Refused, VrfInvalid) as refusal:
            return refusal
        return None

    # time

    def wait_for_something(self, dice: random.Random) -> None:
        """Go to just before, at or after an instant at which something changes."""
        model, now = self.model, self.ledger.now()
        params, ballot = model.params, model.committee.ballot
        instants = [model.deadline(now), model.phase_at, model.phase_at + dice.randint(1, 15) * params.leader_s]
        if ballot is not None:
            instants += [ballot.omit_end, ballot.evidence_start(params), ballot.evidence_end(params)]
            instants += [ballot.answer_end(params), ballot.unread_end(params)]
        to_come = [instant for instant in instants if instant > now] or [now + 1]
        self.ledger.advance_to(dice.choice(to_come) - 1 + dice.choice((-1, 0, 0, 1)))

    def wait_for_skip(self, dice: random.Random) -> None:
        """Wait until the task can be moved on without those whom it waits for, and move it on."""
        fixed = self.model.committee.ballot if self.phase is Phase.REVEALING else None
        end = fixed.unread_end(self.model.params) if fixed else self.model.deadline(self.ledger.now())
        self.ledger.advance_to(end)
        self.take(SkipRound(self.task))

    # membership

    def register(self, dice: random.Random) -> None:
        """A node registers itself; or one with too little, a broken amount, or an identity or key that is there."""
        kind = dice.choice(("good", "good", "good", "poor", "rich", "odd", "twice", "key", "proof"))
        key = NodeKey.derive(7, 0 if kind == "twice" else self.next_key)
        self.next_key += 1
        most = MIN_STAKE_WEI * dice.randint(1, 20)
        amounts = {"poor": MIN_STAKE_WEI - WEI_PER_GWEI, "odd": MIN_STAKE_WEI + 1, "rich": RICH_WEI}
        amount = amounts.get(kind, most)
        node = self.federation.funded(key, amount)
        vrf_x = NodeKey.derive(7, 0).vrf.public_x if kind == "key" else key.vrf.public_x
        proof = self.federation.possession(NodeKey.derive(9, 0) if kind == "proof" else key)
        self.take(Register(self.task, vrf_x, proof, amount), node)

    def register_by_authorization(self, dice: random.Random) -> None:
        key = NodeKey.derive(8, dice.randint(0, 99))
        step = self.federation.registration(key, 2 * MIN_STAKE_WEI)
        if dice.random() < 0.3:
            other = self.federation.signed_registration(NodeKey.derive(9, 0), 2 * MIN_STAKE_WEI)
            step = replace(step, signature=other.signature)
        self.take(step)

    def leave(self, dice: random.Random) -> None:
        if not self.members:
            return
        member = dice.choice(self.members)
        key, by = self.federation.key(member), dice.choice(("message", "message", "self", "stranger", "forged"))
        if by in ("self", "stranger"):
            self.take(LeaveTask(self.task, member), self.federation.funded(key, 0) if by == "self" else None)
        else:
            signature = Leave(self.task).sign(key if by == "message" else NodeKey.derive(9, 0), self.ledger.domain)
            self.take(LeaveTaskWithSignature(self.task, member, signature))

    def end_registration(self, dice: random.Random) -> None:
        """Start, or cancel where there are too few; before its time or after."""
        if dice.random() < 0.5:
            self.ledger.advance_to(self.model.phase_at + self.model.params.registration_s)
        sender = dice.choice((self.ledger, self.strangers))
        if not self.take(Start(self.task), sender):
            self.take(Cancel(self.task), sender)

    def call_at_any_time(self, dice: random.Random) -> None:
        """Whatever needs nothing but the right moment."""
        step = dice.choice((Start, Cancel, Finish, Finish, SkipRound, Abandon, WithdrawPool, Fund, Fund, Fund))
        if step is Fund:
            amount = dice.choice((WEI_PER_GWEI, 7 * WEI_PER_FML, 1))
            self.ledger.approve(amount)
            self.take(Fund(self.task, amount), self.ledger)
        else:
            self.take(step(self.task), dice.choice((self.ledger, self.strangers)))

    def act_out_of_turn(self, dice: random.Random) -> None:
        """A step of a round at any moment; most often the wrong one."""
        if self.members:
            acts = (self.open_round, self.propose, self.draw_voters, self.commit_votes, self.commit_own)
            dice.choice((*acts, self.reveal_votes, self.prove_withheld, self.settle, self.withdraw))(dice)

    # rounds

    def proof(self, tag: Tag, dice: random.Random) -> Proof:
        """The proof of whose turn it is, or of somebody else."""
        model = self.model
        member = model.leader(tag, model.rank(self.ledger.now() + 1))
        if member is None or dice.random() < 0.1:
            member = dice.choice(self.members)
        return self.federation.key(member).vrf.prove(model.alpha(tag, member))

    def open_round(self, dice: random.Random) -> None:
        if not self.take(OpenRound(self.task, self.proof(Tag.PROPOSERS, dice))):
            self.take(Finish(self.task))

    def finish(self, dice: random.Random) -> None:
        """End the task, which holds where too few are left to draw; at times one leaves first."""
        if dice.random() < 0.5:
            self.leave(dice)
        self.take(Finish(self.task))

    def propose(self, dice: random.Random) -> None:
        model = self.model
        fault = dice.choice((None, None, None, None, "part", "part", "signature", "outsider", "nobody"))
        members = list(model.committee.proposers)
        if fault == "part":
            members = some(members, dice)
        if fault == "outsider":
            members += [member for member in self.members if member not in model.standings][:1]
        batch = list(self.federation.proposals(members))
        if fault == "signature" and batch:
            batch[-1] = replace(batch[-1], update=bytes(32))
        if fault == "nobody":
            batch.append(SignedProposal(len(self.members), bytes(32), bytes(64)))
        self.take(Propose(self.task, tuple(batch)))

    def end_proposals(self, dice: random.Random) -> None:
        act = self.draw_voters if self.model.params.voters else self.settle
        act(dice)

    def draw_voters(self, dice: random.Random) -> None:
        self.take(DrawVoters(self.task, self.proof(Tag.VOTERS, dice)))

    # what the rules differ in

    def terms(self, dice: random.Random) -> CandidateTerms | None:
        return None

    def something_to_judge(self, dice: random.Random) -> bytes:
        """What a federation's votes are about."""
        return bytes(self.federation.digest(f"candidate {self.model.round} {dice.random()}"))

    def vote(self, member: int, candidate: bytes, dice: random.Random) -> RevealedVote:
        vote: RevealedVote = self.federation.vote(member, candidate, dice.choice(SCORES))
        return vote

    def spoilt(self, vote: RevealedVote, dice: random.Random) -> RevealedVote:
        """A vote that does not hold."""
        change = {"score": {"score_new": 1_000_001}, "forged": {"score_old": 123_456}, "own": {"is_own": True}}
        return replace(vote, **change[dice.choice(tuple(change))])

    def wrong(self, dice: random.Random) -> bytes:
        """Something else to judge than what the votes are about."""
        return bytes(32)

    def said(self, value: bytes) -> Vote | Scores:
        """The vote on nothing that 32 bytes of evidence stand for."""
        return Vote(self.task, 1, bytes(32), *divmod(int.from_bytes(value, "big"), 1 << 32))

    def commit_votes(self, dice: random.Random) -> None:
        """The relayer fixes a list: of all, of some, or with somebody who is not drawn; complete or said to be."""
        model = self.model
        voters = list(model.committee.voters)
        candidate = self.something_to_judge(dice)
        pledged = {member: self.vote(member, candidate, dice) for member in voters}
        listed = voters if dice.random() < 0.5 else some(voters, dice)
        if dice.random() < 0.15:
            others = [member for member in self.members if member not in voters][:1]
            pledged |= {member: self.vote(member, candidate, dice) for member in others}
            listed = sorted({*listed, *others})
        pairs = [Listed(member, commitment(pledged[member].signature)) for member in listed]
        step = self.federation.fixing(candidate, pairs, dice.random() < 0.6)
        if self.take(step, self.strangers if dice.random() < 0.1 else self.ledger):
            self.pledged, self.listed, self.candidate, self.signed_round = pledged, listed, candidate, model.round

    @property
    def pairs(self) -> tuple[Listed, ...]:
        return tuple(Listed(member, commitment(self.pledged[member].signature)) for member in self.listed)

    @property
    def motion(self) -> bytes:
        return self.federation.motion(self.candidate)

    def commit_own(self, dice: random.Random) -> None:
        """A voter commits by itself, more often one that the list omits."""
        omitted = [member for member in self.pledged if member not in self.listed] or sorted(self.pledged)
        if not omitted:
            return
        member, fault = dice.choice(omitted), dice.choice((None, None, None, "signature", "list"))
        promise = commitment(self.pledged[member].signature)
        message = Commitment(self.task, self.model.round, self.motion, promise)
        signature = message.sign(self.federation.key(member), self.ledger.domain)
        hash_of_list = bytes(32) if fault == "list" else list_hash(self.pairs)
        promise = bytes(32) if fault == "signature" else promise
        self.take(CommitVote(self.task, member, self.motion, hash_of_list, promise, signature))

    def records(self, dice: random.Random) -> tuple[VoteRecord, ...]:
        """Vote records: all or some of the list revealed, own votes, and at times something wrong."""
        chance = dice.choice((0.0, 0.5, 1.0, 1.0))
        records: list[VoteRecord] = [
            self.pledged[pair.member] if dice.random() < chance else pair for pair in self.pairs
        ]
        if not chance and dice.random() < 0.7:
            records = [WholeList(list_hash(self.pairs))]
        standings = self.model.standings
        own = [member for member, held in standings.items() if held in (Standing.COMMITTED, Standing.LATE)]
        records += [replace(self.pledged[member], is_own=True) for member in own if dice.random() < 0.8]
        last = records[-1] if records else None
        if isinstance(last, RevealedVote) and dice.random() < 0.25:
            records[-1] = self.spoilt(last, dice)
        if dice.random() < 0.05:
            records.reverse()
        return tuple(records)

    def wrong_at_times(self, dice: random.Random) -> bytes:
        return self.wrong(dice) if dice.random() < 0.05 else self.candidate

    def reveal_votes(self, dice: random.Random) -> None:
        self.take(self.federation.revealing(self.wrong_at_times(dice), self.records(dice)))

    def settle(self, dice: random.Random) -> None:
        records = self.records(dice) if self.signed_round == self.model.round else ()
        sender = self.strangers if dice.random() < 0.3 else self.ledger
        self.take(self.federation.settling(self.wrong_at_times(dice), records), sender)

    def prove_withheld(self, dice: random.Random) -> None:
        ballot, params = self.model.committee.ballot, self.model.params
        if dice.random() < 0.7 and ballot is not None:
            self.ledger.advance_to(ballot.evidence_start(params))
        fault = dice.choice((None, None, None, None, "signature", "position"))
        evidence = []
        for position, pair in enumerate(self.pairs):
            if dice.random() < 0.5:
                message = Commitment(self.task, self.model.round, self.motion, pair.commitment)
                signer = NodeKey.derive(9, 0) if fault == "signature" else self.federation.key(pair.member)
                evidence.append(Evidence(position, message.sign(signer, self.ledger.domain)))
        if fault == "position":
            evidence.append(Evidence(len(self.pairs), bytes(64)))
        self.take(ProveWithheld(self.task, self.motion, self.pairs, tuple(evidence)))

    def slash_equivocation(self, dice: random.Random) -> None:
        """A member that signed two statements is shown up; or one is accused of what it did not sign."""
        member, kind = dice.randint(0, len(self.members)), dice.choice(list(Statement))
        key = self.federation.key(member) if member in self.members else NodeKey.derive(9, 0)
        values = [dice.choice((0, 5, (3 << 32) + 7)).to_bytes(32, "big") for _ in range(2)]
        signed = values if dice.random() < 0.7 else [values[0]] * 2
        signatures = [self.statement(kind, value).sign(key, self.ledger.domain) for value in signed]
        self.take(SlashEquivocation(self.task, 1, member, kind, bytes(32), *values, *signatures))

    def statement(self, kind: Statement, value: bytes) -> Proposal | Commitment | Vote | Scores:
        if kind is Statement.PROPOSAL:
            return Proposal(self.task, 1, value)
        if kind is Statement.COMMITMENT:
            return Commitment(self.task, 1, bytes(32), value)
        return self.said(value)

    # the end

    def withdraw(self, dice: random.Random) -> None:
        self.take(Withdraw(self.task, dice.randint(0, len(self.members))))

    def withdraw_credit(self, dice: random.Random) -> None:
        self.take(WithdrawCredit(dice.choice(sorted({*self.federation.keys, self.strangers.sender.address}))))

    def drain(self) -> None:
        """Nothing is ever locked: end the task by time alone and let everybody have what is theirs."""
        if self.model.stored_phase is not Phase.FINISHED:
            self.ledger.advance_to(self.ledger.now() + 30 * 86_400)
            assert self.take(Abandon(self.task))
        model = self.model
        for member in [index for index, held in enumerate(model.balances) if held + model.record(index).escrow_gwei]:
            assert self.take(Withdraw(self.task, member))
        for position in [at for at, waiting in model.roster.queue.items() if waiting.amount_gwei]:
            assert self.take(WithdrawQueued(self.task, position))
        if model.pool_gwei:
            assert self.take(WithdrawPool(self.task))
        for account in [account for account, amount in self.ledger.models().credits.items() if amount]:
            assert self.take(WithdrawCredit(account))
        assert self.ledger.models().held_gwei == 0
        assert self.ledger.balance_wei(self.ledger.address) == 0


def some(items: list[int], dice: random.Random) -> list[int]:
    """Each item with an even chance, in order."""
    return [item for item in items if dice.random() < 0.5]


def assert_alike(expected: Refused | VrfInvalid, refusal: Refused) -> None:
    """The contract refuses for the reason that the model gives, with the same values."""
    if isinstance(expected, VrfInvalid):
        assert isinstance(refusal, VrfProofRejected)
        return
    assert type(expected) is type(refusal), (expected, refusal)
    found, needed = ({k: str(v).lower() for k, v in error.values.items()} for error in (refusal, expected))
    assert found == needed


class CandidateMachine(TaskMachine):
    """The same where candidates are judged."""

    VOTERS = (1, 2, 3, 3)

    def terms(self, dice: random.Random) -> CandidateTerms:
        return CandidateTerms(
            reward=dice.choice(list(Reward)),
            override_bps=dice.choice((0, 6667, 10_000)),
            convict_bps=dice.choice((0, 5000, 10_000)),
            suspect_at=dice.choice((1, 56)),
            offset=dice.choice((0, 40)),
            forgive=dice.choice((0, 16)),
            slash_above=dice.choice((0, 20, 112)),
            escrow_bps=dice.choice((0, 5000, 10_000)),
        )

    def something_to_judge(self, dice: random.Random) -> bytes:
        candidates = dice.randint(2, 4)
        digests = [self.federation.digest(str(dice.random())) for _ in range(candidates + dice.randint(0, 2))]
        count, entries = len(self.federation.proposers), range(len(digests))
        rows = (
            Row(bytes(dice.choices(MARKS, k=count)), dice.choice(entries), dice.choice(entries))
            for _ in range(candidates)
        )
        menu: bytes = self.federation.menu(*rows, digests=digests)
        return menu

    def vote(self, member: int, candidate: bytes, dice: random.Random) -> RevealedVote:
        scores = [dice.choice((0, 300_000, dice.randint(0, 10**6))) for _ in range(candidate[1])]
        count = len(self.federation.proposers)
        points = [dice.choice((0, 500, -500, dice.randint(-10_000, 10_000) // count)) for _ in range(count)]
        if points and dice.random() < 0.05:
            points[0] = 10_001
        vote: RevealedVote = self.federation.vote(member, candidate, scores, points)
        return vote

    def spoilt(self, vote: RevealedVote, dice: random.Random) -> RevealedVote:
        changes = ({"scores": 10**6 + 1}, {"scores": 1 << 255}, {"scores": 5}, {"is_own": True})
        return replace(vote, **dice.choice(changes))

    def wrong(self, dice: random.Random) -> bytes:
        """Another menu, or bytes that are none."""
        menu = self.candidate
        return dice.choice((bytes(32), menu[:-1], menu[:-1] + bytes([menu[-1] ^ 1]), bytes([13]) + menu[1:]))

    def said(self, value: bytes) -> Scores:
        return Scores(self.task, 1, bytes(32), value)


MARKS = (0, 16, PART_OF, PART_OF, PART_OF | 56, 60, 96, 127)
STEPS = 50
EXAMPLES = {"memory": 70, "file": 4, "anvil": 4}
"""The two chains that are slower show with a few that they agree."""


@pytest.mark.slow
@pytest.mark.parametrize("machine", [TaskMachine, CandidateMachine])
def test_contract_and_model_take_and_refuse_every_step_alike(
    machine: type[TaskMachine], found: Found, anchored: Any, request: pytest.FixtureRequest
) -> None:
    chain = request.node.callspec.params["site"]
    machine.found = staticmethod(found)  # type: ignore[assignment]
    machine.anchor = staticmethod(lambda: put_back(anchored))  # type: ignore[assignment]
    machine.taken, machine.refused = Counter(), Counter()
    play_machine(machine, EXAMPLES[chain], STEPS)
    if chain == "memory":
        assert_enough(machine)


def assert_enough(machine: type[TaskMachine]) -> None:
    """Nearly every step was taken, and for nearly every reason refused, often enough to have meant something.

    One step and two reasons may be missing: which ones chance leaves out changes with this file.
    """
    taken, refused = machine.taken, machine.refused
    settle = "SettleMenu" if machine is CandidateMachine else "Settle"
    kinds = OF_CANDIDATES if machine is CandidateMachine else OF_MAJORITY
    rare = {kind for kind in kinds if not taken[kind]}
    assert len(rare) <= 1, f"never taken: {rare} of {taken}"
    assert taken.total() > 900, taken
    assert taken[settle] >= (5 if machine is CandidateMachine else 20), taken
    reasons = REASONS_OF_CANDIDATES if machine is CandidateMachine else REASONS
    unseen = {kind.__name__ for kind in reasons if not refused[kind.__name__]}
    assert len(unseen) <= 2, f"never refused for: {unseen} of {refused}"


OF_MAJORITY = {kind.__name__ for kind in get_args(TaskStep)} - {"RevealScores", "SettleMenu"}
OF_CANDIDATES = {
    "RevealScores",
    "SettleMenu",
    "CommitVote",
    "ProveWithheld",
    "SlashEquivocation",
    "Withdraw",
    "OpenRound",
}
"""Steps in which the rules differ; the others are one and the same contract's."""
REASONS = (
    AlreadyLeaving,
    AlreadyRegistered,
    BadBatch,
    BadSignature,
    ERC3009InvalidSignature,
    EnoughMembers,
    KeyTaken,
    NotAllowed,
    NotMember,
    NotWholeGwei,
    NothingThere,
    SameStatement,
    StakeTooHigh,
    StakeTooLow,
    TooEarly,
    TooFewMembers,
    TooLate,
    VrfProofRejected,
    WrongBallot,
    WrongPhase,
    WrongStanding,
)
REASONS_OF_CANDIDATES = (
    BadBatch,
    BadContributions,
    BadMenu,
    BadScore,
    BadSignature,
    NothingThere,
    SameStatement,
    TooEarly,
    TooLate,
    WrongBallot,
    WrongPhase,
    WrongStanding,
)


@contextmanager
def put_back(site: Any) -> Iterator[None]:
    """Undo everything that happens on the chain inside."""
    snapshot = site.w3.provider.make_request("evm_snapshot", [])["result"]
    yield
    site.w3.provider.make_request("evm_revert", [snapshot])
