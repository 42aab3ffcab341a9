"""What a coordinator can be proven on chain to have lied about: found in the transcripts that it shows and posted.

A lie about what members signed is in the tree's leaves, for these hold the members' own signatures; a lie about the
final model is in the last tree. That a message is left out, the coordinator's own receipt for it shows. Whether an
aggregate follows from the updates no contract can compute: `audit` does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from fl_alliance.chain.errors import SignatureInvalid
from fl_alliance.chain.evidence import Bond, EvidenceBond, Posted, Status
from fl_alliance.chain.evidence_model import signers
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.rules.evidence import NOTHING, Fact, Kind, Place, Tree
from fl_alliance.chain.sender import Receipt as TransactionReceipt
from fl_alliance.deployment.taken import Taken
from fl_alliance.transcript.content import Transcript

_MODEL: Place = (Kind.FACT, int(Fact.MODEL))
_NAMES = {Kind.PROPOSAL: "proposal", Kind.COMMITMENT: "commitment", Kind.VOTE: "vote"}


@dataclass(frozen=True, slots=True)
class Lie:
    """Something that the coordinator posted and that is not so; `prove` sends the proof."""

    what: str
    prove: Callable[[EvidenceBond], TransactionReceipt]


@dataclass(frozen=True, slots=True)
class Task:
    """A task as its accuser needs to know it: from the chain, not from the coordinator.

    Attributes
    ----------
    domain : Domain
        The Alliance's, to which members' signatures are bound.
    number : int
    members : sequence of str
        Their accounts, checksummed, by index.
    """

    domain: Domain
    number: int
    members: Sequence[str]


def lies(
    task: Task,
    bond: Bond,
    posted: Mapping[int, Posted],
    shown: Iterable[Transcript],
    receipts: Sequence[Taken] = (),
    domain: Domain | None = None,
) -> Iterator[Lie]:
    """Yield what can be proven of the transcripts that are shown, round by round.

    Parameters
    ----------
    bond : Bond
        As it stands on chain.
    posted : mapping of int to Posted
        Where each round's root was posted (`chain.evidence.posted_on_chain`).
    receipts : sequence of Taken
        What the coordinator acknowledged to a member; those that it has not signed accuse nobody.
    domain : Domain, optional
        What receipts are bound to: the contract of bonds.
    """
    for transcript in shown:
        at = posted.get(transcript.number)
        if at is None or (tree := transcript.tree()).root != at.roots[at.round - at.first]:
            continue  # not posted, or not what was posted: nothing leads from here to a root on chain
        yield from _forged(task, at, tree)
        if domain is not None:
            yield from _omitted(task, bond, at, tree, receipts, domain)
        if bond.status is Status.CLOSED and transcript.number == bond.posted:
            yield from _wrong_model(task, bond, at, tree)


def _forged(task: Task, at: Posted, tree: Tree) -> Iterator[Lie]:
    for place, leaf in tree.leaves.items():
        kind, member = place
        if kind is Kind.FACT:
            continue
        account = task.members[member] if member < len(task.members) else "a member that there is not"
        if account not in signers(task.domain, task.number, at.round, kind, leaf):
            what = f"round {at.round}: the {_NAMES[kind]} told of member {member} is not signed by {account}"
            yield Lie(what, partial(_prove_forged, task.number, at, tree, place))


def _prove_forged(task: int, at: Posted, tree: Tree, place: Place, evidence: EvidenceBond) -> TransactionReceipt:
    return evidence.prove_forged_leaf(task, at, tree, place)


def _omitted(
    task: Task, bond: Bond, at: Posted, tree: Tree, receipts: Sequence[Taken], domain: Domain
) -> Iterator[Lie]:
    for taken in receipts:
        said = taken.receipt
        if (said.task, said.round) != (task.number, at.round) or _signer(taken, domain) != bond.coordinator:
            continue
        place, told = (said.kind, said.member), tree.leaf((said.kind, said.member))
        if told == NOTHING or told.value != said.value:
            how = "left out" if told == NOTHING else "told otherwise"
            what = f"round {said.round}: the {_NAMES[said.kind]} of member {said.member} was acknowledged, and is {how}"
            yield Lie(what, partial(_prove_omission, task.number, at, tree, place, taken))


def _prove_omission(
    task: int, at: Posted, tree: Tree, place: Place, taken: Taken, evidence: EvidenceBond
) -> TransactionReceipt:
    return evidence.prove_omission(task, at, tree, place, taken.receipt.value, taken.signature)


def _signer(taken: Taken, domain: Domain) -> str | None:
    try:
        return taken.receipt.recover(domain, taken.signature)
    except SignatureInvalid:
        return None


def _wrong_model(task: Task, bond: Bond, at: Posted, tree: Tree) -> Iterator[Lie]:
    last = tree.leaf(_MODEL).value
    if last != bond.model:
        what = f"the final model is said to be {bond.model.hex()}, after round {at.round} it was {last.hex()}"
        yield Lie(what, lambda evidence: evidence.prove_wrong_model(task.number, at, tree, _MODEL))
