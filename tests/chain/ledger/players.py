"""A federation of nodes that can act out any part of a task, under each rule: tests of ledger and attacks use it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from fl_alliance.chain.accounts import NodeKey, authorize_stake
from fl_alliance.chain.ballot import ballot_hash
from fl_alliance.chain.batches import (
    Evidence,
    Listed,
    RevealedVote,
    SignedProposal,
    SignedScores,
    SignedVote,
    VoteRecord,
    list_hash,
    pack_contributions,
    pack_votes,
)
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.messages import Commitment, Proposal, Scores, Vote, commitment, majority_motion, scores_content
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.rules.candidates import PART_OF, MenuDigest, Row, encode_menu, pack_scores
from fl_alliance.chain.rules.seeds import NO_SEED
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Receipt
from fl_alliance.chain.steps import (
    CommitVote,
    CommitVotes,
    DrawVoters,
    OpenRound,
    Propose,
    ProveWithheld,
    RegisterWithAuthorization,
    RevealScores,
    RevealVotes,
    Settle,
    SettleMenu,
    TaskStep,
)
from fl_alliance.chain.types import WEI_PER_FML, WEI_PER_GWEI, CandidateTerms, Phase, Reward, Standing, TaskParams
from fl_alliance.chain.vrf import Proof, Tag, alpha

GOOD, BAD = (800_000, 810_000), (800_000, 700_000)
"""Scores, old and new, of a voter who finds the candidate better, and worse."""
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
STAKE_WEI = 64 * WEI_PER_FML
DEVELOPER = NodeKey(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
STRANGER = NodeKey(bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"))
"""Two accounts that every development chain funds: the first deploys, creates and relays."""


def digest(text: str) -> bytes:
    """Stand-in for the sha256 of a model or an update."""
    return sha256(text.encode()).digest()


@dataclass
class Federation:
    """A task with its nodes' keys; builds the steps that its members would send or sign."""

    ledger: Alliance
    task: int
    keys: dict[str, NodeKey] = field(default_factory=dict)

    @property
    def model(self) -> TaskModel:
        return self.ledger.model(self.task)

    def tick(self) -> None:
        """Let the next block come one second after the last, on chains too that read a clock."""
        self.ledger.rpc("evm_setNextBlockTimestamp", self.ledger.now() + 1)

    @staticmethod
    def digest(text: str) -> bytes:
        return digest(text)

    def stranger(self) -> Alliance:
        """Another account's access, with gas and nothing at stake."""
        return Alliance(self.ledger.w3, self.ledger.deployment, STRANGER)

    def funded(self, key: NodeKey, amount_wei: int) -> Alliance:
        """A node's own access, with gas and an allowance of its stake."""
        self.keys[key.address] = key
        self.ledger.sender.send(key.address, b"", 21_000, "gas", 10**18)
        node = Alliance(self.ledger.w3, self.ledger.deployment, key)
        if amount_wei:
            self.ledger.transfer(key.address, amount_wei)
            node.approve(amount_wei)
        return node

    def key(self, member: int) -> NodeKey:
        return self.keys[self.model.roster.nodes[member].address]

    def registration(
        self, key: NodeKey, stake_wei: int = STAKE_WEI, salt: bytes = bytes(32)
    ) -> RegisterWithAuthorization:
        """A node's registration by the relayer, after handing the node its stake."""
        self.keys[key.address] = key
        self.ledger.transfer(key.address, stake_wei)
        return self.signed_registration(key, stake_wei, salt)

    def signed_registration(
        self, key: NodeKey, stake_wei: int = STAKE_WEI, salt: bytes = bytes(32)
    ) -> RegisterWithAuthorization:
        ledger = self.ledger
        stake = authorize_stake(key, ledger.fml_domain, ledger.address, self.task, stake_wei, 2**40, salt)
        return RegisterWithAuthorization(
            self.task,
            key.address,
            key.vrf.public_x,
            self.possession(key),
            stake_wei,
            stake.valid_after,
            stake.valid_before,
            salt,
            stake.signature,
        )

    def possession(self, key: NodeKey) -> Proof:
        ledger = self.ledger
        goal = alpha(ledger.address, ledger.chain_id, Tag.REGISTER, self.task, 0, key.address, NO_SEED)  # type: ignore[arg-type]
        return key.vrf.prove(goal)

    def proof(self, tag: Tag, model: TaskModel | None = None, rank: int | None = None) -> Proof:
        """The proof of the leader whose turn it is at the next block."""
        model = model or self.model
        now = self.ledger.now() + 1
        member = model.leader(tag, model.rank(now) if rank is None else rank)
        assert member is not None
        return self.keys[model.roster.nodes[member].address].vrf.prove(model.alpha(tag, member))

    def open_round(self) -> Receipt:
        return self.ledger.send(OpenRound(self.task, self.proof(Tag.PROPOSERS)))

    def proposals(self, members: Sequence[int]) -> tuple[SignedProposal, ...]:
        model = self.model
        signed = []
        for member in members:
            update = digest(f"update {model.round} {member}")
            message = Proposal(self.task, model.round, update)
            signed.append(SignedProposal(member, update, message.sign(self.key(member), self.ledger.domain)))
        return tuple(signed)

    def propose(self, members: Sequence[int] | None = None) -> Receipt:
        chosen = self.model.committee.proposers if members is None else members
        return self.ledger.send(Propose(self.task, self.proposals(chosen)))

    def draw_voters(self) -> Receipt:
        return self.ledger.send(DrawVoters(self.task, self.proof(Tag.VOTERS)))

    def motion(self, candidate: bytes) -> bytes:
        """What votes on a candidate name while the present model is the one it is compared with."""
        return majority_motion(self.model.model, candidate)

    def vote(self, member: int, candidate: bytes, scores: tuple[int, int] = GOOD) -> SignedVote:
        message = Vote(self.task, self.model.round, self.motion(candidate), *scores)
        return SignedVote(member, *scores, message.sign(self.key(member), self.ledger.domain))

    def votes(self, candidate: bytes, members: Sequence[int], bad: Sequence[int] = ()) -> tuple[SignedVote, ...]:
        return tuple(self.vote(member, candidate, BAD if member in bad else GOOD) for member in members)

    def fixing(self, candidate: bytes, listed: Sequence[Listed], is_complete: bool = True) -> CommitVotes:
        """The relayer's step that fixes candidate and list."""
        return CommitVotes(self.task, ballot_hash(self.motion(candidate), list_hash(listed)), is_complete)

    def commit(self, candidate: bytes, votes: Sequence[RevealedVote], is_complete: bool = True) -> Receipt:
        return self.ledger.send(self.fixing(candidate, pairs(votes), is_complete))

    def signed_commitment(self, vote: RevealedVote, candidate: bytes) -> bytes:
        message = Commitment(self.task, self.model.round, self.motion(candidate), commitment(vote.signature))
        return message.sign(self.key(vote.member), self.ledger.domain)

    def own_commitment(self, vote: RevealedVote, candidate: bytes, listed_votes: Sequence[RevealedVote]) -> CommitVote:
        """The commitment to `vote` that its voter sends where the list holds only `listed_votes`."""
        return CommitVote(
            self.task,
            vote.member,
            self.motion(candidate),
            list_hash(pairs(listed_votes)),
            commitment(vote.signature),
            self.signed_commitment(vote, candidate),
        )

    def revealing(self, candidate: bytes, votes: Sequence[VoteRecord]) -> TaskStep:
        """The step that reveals votes before the round is settled."""
        return RevealVotes(self.task, self.motion(candidate), tuple(votes))

    def accusing(self, candidate: bytes, votes: Sequence[RevealedVote], *accused: int) -> ProveWithheld:
        """The step that shows signed commitments of listed voters who have not revealed."""
        evidence = tuple(
            Evidence(position, self.signed_commitment(vote, candidate))
            for position, vote in enumerate(votes)
            if vote.member in accused
        )
        return ProveWithheld(self.task, self.motion(candidate), pairs(votes), evidence)

    def settle(self, candidate: bytes, votes: Sequence[VoteRecord]) -> Receipt:
        return self.ledger.send(self.settling(candidate, votes))

    def settling(self, candidate: bytes, votes: Sequence[VoteRecord]) -> TaskStep:
        """The step that settles the round on a candidate."""
        return Settle(self.task, self.model.model, candidate, tuple(votes))

    def reach_commit(self) -> tuple[int, ...]:
        """Open a round, let everybody propose, draw the voters and return them."""
        self.open_round()
        self.propose()
        self.draw_voters()
        return self.model.committee.voters

    def run_round(self, bad: Sequence[int] = ()) -> None:
        """Play one round in which everybody drawn acts; voters in `bad` vote no."""
        voters = self.reach_commit()
        candidate = digest(f"model {self.model.round}")
        votes = self.votes(candidate, voters, bad)
        self.commit(candidate, votes)
        self.settle(candidate, votes)

    def assert_equals_chain(self) -> None:
        """Compare the whole state of the contract with the model's, and what it holds of FML."""
        ledger, model = self.ledger, self.model
        state, members = ledger.state(self.task), ledger.members(self.task)
        now = ledger.now()
        assert ledger.params(self.task) == model.params
        assert (state.phase, state.round, state.seed) == (model.phase(now), model.round, model.seed)
        assert (state.pool_gwei, state.queued_gwei) == (model.pool_gwei, model.roster.queued_gwei)
        assert [(one.address, one.vrf_x) for one in members] == [
            (node.address, node.vrf_x) for node in model.roster.nodes
        ]
        assert [one.balance_gwei for one in members] == model.balances
        if Phase.PROPOSING <= state.phase <= Phase.REVEALING:
            committee = model.committee
            assert [one.seats for one in members] == committee.seats
            assert [one.standing for one in members] == [committee.standing(index) for index in range(len(members))]
        assert {index for index, one in enumerate(members) if one.is_leaving} == model.roster.leaving
        for account in {*self.keys, ledger.sender.address}:
            assert ledger.credit_gwei(account) == model.credits.get(account, 0)
        assert ledger.balance_wei(ledger.address) == ledger.models().held_gwei * WEI_PER_GWEI


@dataclass
class CandidateFederation(Federation):
    """The same where candidates are judged: what is voted on is a menu's bytes, and scores are of all its entries."""

    def motion(self, candidate: bytes) -> bytes:
        """What scores of a menu name."""
        return keccak(candidate)

    @property
    def proposers(self) -> list[int]:
        """Members that have proposed, whom the menu has a mark for."""
        return [member for member, standing in self.model.standings.items() if standing is Standing.PROPOSED]

    def menu(self, *rows: Row, digests: Sequence[bytes] = ()) -> bytes:
        """A menu with these rows, the old model first; by default of one model for each row."""
        round_, count = self.model.round, len(digests or rows)
        models = digests or [self.model.model, *(digest(f"model {round_} {entry}") for entry in range(1, count))]
        return encode_menu(MenuDigest(tuple(models), rows))

    def plain_menu(self, entries: int = 2) -> bytes:
        """A menu whose candidates hold every proposal and suspect nobody."""
        return self.menu(*[Row(bytes([PART_OF]) * len(self.proposers))] * entries)

    def vote(
        self, member: int, candidate: bytes, scores: Sequence[int] = (), contributions: Sequence[int] | None = None
    ) -> SignedScores:
        """A vote on a menu; by default each entry is better than the one before."""
        word = pack_scores(scores or [500_000 - 1000 * entry for entry in range(candidate[1])])
        is_paid_for = self.model.terms.reward is Reward.CONTRIBUTION
        points = tuple((100 if is_paid_for else 0,) * len(self.proposers) if contributions is None else contributions)
        points = points if is_paid_for else ()
        content = scores_content(word, pack_contributions(points))
        message = Scores(self.task, self.model.round, self.motion(candidate), content)
        return SignedScores(member, word, points, message.sign(self.key(member), self.ledger.domain))

    def votes(self, candidate: bytes, members: Sequence[int], bad: Sequence[int] = ()) -> tuple[SignedScores, ...]:
        """Votes of which those of `bad` like the old model best."""
        worse = [1000 * entry for entry in range(candidate[1])]
        return tuple(self.vote(member, candidate, worse if member in bad else ()) for member in members)

    def revealing(self, candidate: bytes, votes: Sequence[VoteRecord]) -> RevealScores:
        return RevealScores(self.task, candidate, pack_votes(votes))

    def settling(self, candidate: bytes, votes: Sequence[VoteRecord]) -> SettleMenu:
        return SettleMenu(self.task, candidate, pack_votes(votes))

    def run_round(self, bad: Sequence[int] = ()) -> None:
        """Play one round in which everybody drawn acts; voters in `bad` want to keep the old model."""
        voters = self.reach_commit()
        candidate = self.plain_menu()
        votes = self.votes(candidate, voters, bad)
        self.commit(candidate, votes)
        self.settle(candidate, votes)

    def assert_equals_chain(self) -> None:
        """Compare also what only this rule keeps."""
        super().assert_equals_chain()
        ledger, model = self.ledger, self.model
        assert ledger.terms(self.task) == model.terms
        assert ledger.records(self.task) == tuple(map(model.record, range(len(model.roster.nodes))))
        assert ledger.prior(self.task) == model.prior


def pairs(votes: Sequence[RevealedVote]) -> tuple[Listed, ...]:
    """The list of commitments to these votes."""
    return tuple(Listed(vote.member, commitment(vote.signature)) for vote in votes)


def task_params(relayer: str, **changes: object) -> TaskParams:
    values: dict[str, object] = {
        "code_digest": digest("code"),
        "config_digest": digest("config"),
        "initial_model": digest("model 0"),
        "relayer": relayer,
        "rounds": 4,
        "proposers": 2,
        "voters": 3,
        "slash_bps": 1250,
        "slash_gwei": 0,
        "absence_bps": 100,
        "bounty_bps": 1000,
        "tolerance_bps": 500,
        "min_stake_gwei": 32 * 10**9,
        "registration_s": 600,
        "leader_s": 60,
        "propose_s": 300,
        "commit_s": 120,
        "reveal_s": 120,
        "evidence_s": 240,
        "quorum": 1,
        "grace_s": 0,
    }
    return TaskParams(**(values | changes))  # type: ignore[arg-type]
