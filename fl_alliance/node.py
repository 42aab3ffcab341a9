"""What a hospital's node does in a round, without Flower: join, prove, propose, vote.

The node's key and its data stay inside; what a method returns is what may leave.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fl_alliance.behaviour import Case, Judge, Metrics, Trainer
from fl_alliance.chain.accounts import SigningKey, authorize_stake
from fl_alliance.chain.messages import Commitment, Domain, Proposal, commitment
from fl_alliance.chain.rules.seeds import NO_SEED
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.vrf import Tag, alpha
from fl_alliance.dp.account import Account
from fl_alliance.dp.entries import Scored
from fl_alliance.dp.receipt import Receipt
from fl_alliance.privacy import blurred
from fl_alliance.strategies.digests import Arrays as AnyArrays
from fl_alliance.strategies.digests import update_digest
from fl_alliance.strategies.rules.base import Fields, Motion
from fl_alliance.strategies.wire import Place, Registration
from fl_alliance.workloads.base import Arrays, Score, TrainConfig


@dataclass(frozen=True, slots=True)
class Ballot:
    """A voter's judgement. Until the votes are locked on chain only the commitment and its signature leave the node.

    `motion` is what it is about; `fields` what the vote says, revealed with its `signature`.
    """

    motion: bytes
    fields: Fields
    signature: bytes
    commitment: bytes
    commitment_signature: bytes
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Node:
    """One site: its key, its number, and how it trains and judges with its private data.

    With a `score_epsilon` above 0 it tells of its held-out data only losses, blurred (`privacy.blurred`). `account` is
    where that, and private training, is entered before it leaves; None where the configuration hides nothing.
    """

    key: SigningKey
    site: int
    trainer: Trainer
    judge: Judge
    score_epsilon: float = 0.0
    account: Account | None = None

    def join(
        self, domain: Domain, token: Domain, task: int, stake_wei: int, valid_before: int, salt: bytes
    ) -> Registration:
        """Sign the registration for `task` with a stake in wei, valid until `valid_before` (unix seconds)."""
        possession = alpha(domain.contract, domain.chain_id, Tag.REGISTER, task, 0, self.key.address, NO_SEED)
        stake = authorize_stake(self.key, token, domain.contract, task, stake_wei, valid_before, salt)
        proof = self.key.vrf.prove(possession).encode(self.key.vrf.public_x, possession)
        return Registration(self.site, self.key.address, self.key.vrf.public_x, proof, stake.signature)

    def prove(self, at: Place, tag: Tag, seed: bytes) -> bytes:
        """Return this node's VRF proof over `seed`, encoded after RFC 9381; it leads the draw of one committee."""
        asked = alpha(at.domain.contract, at.domain.chain_id, tag, at.task, at.round, self.key.address, seed)
        return self.key.vrf.prove(asked).encode(self.key.vrf.public_x, asked)

    def train(self, arrays: Arrays, config: TrainConfig, committee: Sequence[int] = ()) -> tuple[Arrays, Metrics]:
        """Return what `arrays` become by training on the site's own training data, and metrics with `num-examples`."""
        return self.trainer.train(arrays, config, committee)

    def sign_update(self, at: Place, arrays: AnyArrays, metrics: Mapping[str, float | int]) -> tuple[bytes, bytes]:
        """Return the digest of exactly what is about to leave, and the signature that proposes it."""
        digest = update_digest(arrays, metrics)
        return digest, Proposal(at.task, at.round, digest).sign(self.key, at.domain)

    def receipt(self, at: Place, update: bytes) -> Receipt | None:
        """Return the signed statement of what was spent until this update; None where nothing is counted."""
        return Receipt.issue(self.account, self.key, at, task_name(at), update) if self.account else None

    def vote(self, at: Place, motion: Motion, committee: Sequence[int] = ()) -> Ballot:
        """Score the motion's models on the same held-out data and sign the vote and its commitment.

        The vote's signature is deterministic and secret until revealed, so its hash commits to the vote. With blurred
        losses even the best model is the one that seems so: what is told of it is told by them.
        """
        proposals = {member: dict(arrays) for member, arrays in motion.proposals.items()}
        case = Case(at, tuple(map(dict, motion.models)), proposals, committee, motion.members, motion.rows)
        found = self._blurred(at, motion.digest, self.judge.assess(case))
        best = min(range(1, motion.choices), key=lambda index: found[index].loss)
        shares = self.judge.contributions(case, best) if motion.asks_shares else {}
        vote, fields = motion.state(at, found, shares)
        signature = vote.sign(self.key, at.domain)
        promise = commitment(signature)
        promise_signature = Commitment(at.task, at.round, motion.digest, promise).sign(self.key, at.domain)
        return Ballot(motion.digest, fields, signature, promise, promise_signature, told(found[best]))

    def _blurred(self, at: Place, motion: bytes, found: Sequence[Score]) -> Sequence[Score]:
        """Return scores with the noise that the configuration asks for, always the same for one motion.

        Raises
        ------
        BudgetSpent
            They cannot be paid for any more.
        """
        if not self.score_epsilon:
            return found
        if self.account:
            self.account.charge(Scored(task_name(at), at.round, motion.hex(), self.score_epsilon))
        secret = self.key.sign_digest(keccak(b"FL Alliance noise" + motion))
        return blurred(found, self.score_epsilon, secret)


def task_name(at: Place) -> str:
    """Return what a task is called in a privacy ledger: it is one task on one contract on one chain."""
    return f"{at.domain.chain_id}:{at.domain.contract}:{at.task}"


def told(score: Score) -> Metrics:
    """Return a score as the metrics that a node reports: what is no number is nothing to report."""
    metrics: Metrics = {"num-examples": score.num_examples, "loss": float(score.loss), "score": float(score.score)}
    metrics |= {name: float(value) for name, value in score.metrics.items()}
    return {name: value for name, value in metrics.items() if math.isfinite(value)}
