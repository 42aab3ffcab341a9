"""What a hospital's node does in a round, without Flower: join, prove, propose, vote.

The node's key and its data stay inside; what a method returns is what may leave.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from fl_alliance.chain.accounts import NodeKey, authorize_stake
from fl_alliance.chain.messages import (
    Commitment,
    Domain,
    Proposal,
    Vote,
    commitment,
)
from fl_alliance.chain.rules.consensus import score_micro
from fl_alliance.chain.rules.seeds import NO_SEED
from fl_alliance.chain.vrf import Tag, alpha
from fl_alliance.strategies.digests import model_digest, update_digest
from fl_alliance.strategies.wire import Place, Registration
from fl_alliance.workloads.base import Arrays, Site, TrainConfig, Workload


@dataclass(frozen=True, slots=True)
class Ballot:
    """A voter's judgement. Until the votes are locked on chain only the two signed commitments leave the node."""

    vote: Vote
    signature: bytes
    commitment: bytes
    commitment_signature: bytes
    metrics: Mapping[str, float | int]


@dataclass(frozen=True, slots=True)
class Node:
    """One site: its key, its model code and its private data."""

    key: NodeKey
    workload: Workload
    site: Site

    def join(
        self, domain: Domain, token: Domain, task: int, stake_wei: int, valid_before: int, salt: bytes
    ) -> Registration:
        """Sign the registration for `task` with a stake in wei, valid until `valid_before` (unix seconds)."""
        possession = alpha(domain.contract, domain.chain_id, Tag.REGISTER, task, 0, self.key.address, NO_SEED)
        stake = authorize_stake(self.key, token, domain.contract, task, stake_wei, valid_before, salt)
        proof = self.key.vrf.prove(possession).encode(self.key.vrf.public_x, possession)
        return Registration(self.site.node, self.key.address, self.key.vrf.public_x, proof, stake.signature)

    def prove(self, at: Place, tag: Tag, seed: bytes) -> bytes:
        """Return this node's VRF proof over `seed`, encoded after RFC 9381; it leads the draw of one committee."""
        asked = alpha(at.domain.contract, at.domain.chain_id, tag, at.task, at.round, self.key.address, seed)
        return self.key.vrf.prove(asked).encode(self.key.vrf.public_x, asked)

    def train(self, arrays: Arrays, config: TrainConfig) -> tuple[Arrays, dict[str, float | int]]:
        """Return what `arrays` become by training on the site's own training data, and metrics with `num-examples`."""
        result = self.workload.train(arrays, self.site, config)
        metrics = {name: float(value) for name, value in result.metrics.items()}
        return result.arrays, {"num-examples": result.num_examples, **metrics}

    def sign_update(self, at: Place, arrays: Arrays, metrics: Mapping[str, float | int]) -> tuple[bytes, bytes]:
        """Return the digest of exactly what is about to leave, and the signature that proposes it."""
        digest = update_digest(arrays, metrics)
        return digest, Proposal(at.task, at.round, digest).sign(self.key, at.domain)

    def judge(self, at: Place, previous: Arrays, candidate: Arrays) -> Ballot:
        """Score both models on the same held-out data and sign the vote and its commitment.

        The vote's signature is deterministic and secret until revealed, so its hash commits to the vote.
        """
        old = self.workload.score(previous, self.site)
        new = self.workload.score(candidate, self.site)
        vote = Vote(at.task, at.round, model_digest(candidate), score_micro(old.score), score_micro(new.score))
        signature = vote.sign(self.key, at.domain)
        promise = commitment(signature)
        promise_signature = Commitment(at.task, at.round, vote.candidate, promise).sign(self.key, at.domain)
        metrics = {"num-examples": new.num_examples, "loss": float(new.loss), "score": float(new.score)}
        metrics |= {name: float(value) for name, value in new.metrics.items()}
        # What is no number is nothing to report; a vote must not depend on it.
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        return Ballot(vote, signature, promise, promise_signature, finite)
