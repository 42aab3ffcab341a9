"""A coordinator's bond on a chain, as the coordinator and whoever accuses it use it; `IEvidence.sol` says the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from fl_alliance.chain.bound import BoundContract, ContractReader
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import EVIDENCE, POINTS, Deployment, deploy_contract
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.gas import TOKEN_CALL
from fl_alliance.chain.history import calls_on_chain
from fl_alliance.chain.messages import Domain, checksum
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.evidence import Place, Tree
from fl_alliance.chain.sender import Receipt, Sender
from fl_alliance.chain.statements import evidence_domain

ARTIFACT = EVIDENCE
MAX_BATCH = 256
"""Roots in one batch at most."""
_GAS, _GAS_PER_ROOT = 400_000, 3_000


class Status(IntEnum):
    """Where a bond stands."""

    NONE = 0
    OPEN = 1
    CLOSED = 2
    RELEASED = 3
    CONVICTED = 4


@dataclass(frozen=True, slots=True)
class Bond:
    """A task's bond.

    Attributes
    ----------
    coordinator : str
        The task's relayer, whose bond it is.
    status : Status
    window_s : int
        Seconds for challenges after the closing.
    posted, batches : int
        Rounds whose root is posted, from round 1 on, and in how many batches.
    closed_at : int
        Second of the closing; 0: not closed.
    bond_wei : int
        What is at stake.
    model : bytes
        The final model as named at the closing.
    """

    coordinator: str
    status: Status
    window_s: int
    posted: int
    batches: int
    closed_at: int
    bond_wei: int
    model: bytes


@dataclass(frozen=True, slots=True)
class Posted:
    """A posted batch, and the round of it that is meant."""

    batch: int
    first: int
    roots: tuple[bytes, ...]
    round: int

    def words(self) -> tuple[int, int, list[bytes], int]:
        """Return it as the contract takes it."""
        return self.batch, self.first, list(self.roots), self.round


class EvidenceBond:
    """One account's access to a deployed Evidence contract.

    Every method that sends raises a subclass of `Refused` where the contract refuses: `WrongStatus` where the bond is
    not in the status for it, `NotPosted` and `NotInTree` where roots or path are others, and what the method names.

    Parameters
    ----------
    sender : Sender
        The account that acts, who pays for what it sends.
    address : str
        Where the contract is.
    """

    def __init__(self, sender: Sender, address: str) -> None:
        self._contract = BoundContract(sender, ARTIFACT, address)
        self._token = Fml(sender, self._contract.read("fml"))
        self.address = self._contract.address
        self.domain: Domain = evidence_domain(sender.chain_id, self.address)

    # the coordinator

    def open(self, task: int, bond_wei: int, window_s: int) -> Receipt:
        """Put up a bond for a task that this account relays; raises `NotAllowed`, `TaskNotReady`, `OutOfRange`."""
        self._token.allow(self.address, bond_wei)
        return self._contract.send(_GAS, "open", task, bond_wei, window_s)

    def post(self, task: int, first: int, roots: Sequence[bytes]) -> Receipt:
        """Post the roots of rounds from `first` on, at most `MAX_BATCH`; raises `WrongRound`, `OutOfRange`."""
        return self._contract.send(_GAS + _GAS_PER_ROOT * len(roots), "post", task, first, list(roots))

    def close(self, task: int, model: bytes) -> Receipt:
        """Name a finished task's final model; raises `TaskNotReady`, `WrongRound` where roots are missing."""
        return self._contract.send(_GAS, "close", task, model)

    def release(self, task: int) -> Receipt:
        """Give a bond back after the time for challenges, whoever this is; raises `TooEarly`."""
        return self._contract.send(_GAS, "release", task)

    # whoever accuses it

    def prove_two_transcripts(self, task: int, posted: Posted, root: bytes, signature: bytes) -> Receipt:
        """Show another root that the coordinator signed; raises `NoLie`, `NotSigned`."""
        return self._prove("proveTwoTranscripts", posted, task, posted.words(), root, signature[:32], signature[32:])

    def prove_forged_leaf(self, task: int, posted: Posted, tree: Tree, place: Place) -> Receipt:
        """Show a leaf that its member never signed; raises `NoLie`."""
        return self._prove("proveForgedLeaf", posted, task, *_shown(posted, tree, place))

    def prove_omission(
        self, task: int, posted: Posted, tree: Tree, place: Place, value: bytes, signature: bytes
    ) -> Receipt:
        """Show the receipt for a message that is not in its place; raises `NoLie`, `NotSigned`."""
        split = (signature[:32], signature[32:])
        return self._prove("proveOmission", posted, task, *_shown(posted, tree, place), value, *split)

    def prove_wrong_model(self, task: int, posted: Posted, tree: Tree, place: Place) -> Receipt:
        """Show that the final model is not the one after the last posted round; raises `NoLie`, `WrongRound`."""
        return self._prove("proveWrongModel", posted, task, *_shown(posted, tree, place))

    def _prove(self, name: str, posted: Posted, *args: object) -> Receipt:
        return self._contract.send(_GAS + _GAS_PER_ROOT * len(posted.roots), name, *args)

    # what is known

    def bond(self, task: int) -> Bond:
        """Return a task's bond as it stands."""
        return read_bond(self._contract, task)

    def batch_digest(self, task: int, batch: int) -> bytes:
        """Return what the contract keeps of a batch (`rules.evidence.batch_digest`)."""
        return bytes(self._contract.read("batchDigest", task, batch))


def _shown(posted: Posted, tree: Tree, place: Place) -> tuple[object, object, object]:
    """Return a leaf and its way to the root as the contract takes them."""
    kind, member = place
    return posted.words(), (int(kind), member, tree.path(place)), tree.leaf(place).words


def read_bond(contract: ContractReader, task: int) -> Bond:
    """Return a task's bond as it stands, from the contract of bonds."""
    found = contract.read("bond", task)
    coordinator, status, window_s, posted, batches, closed_at, bond_wei, model = found
    address = checksum(coordinator)
    return Bond(address, Status(status), window_s, posted, batches, closed_at, bond_wei, model)


def posted_on_chain(rpc: Rpc, address: str, task: int, first: int, last: int) -> dict[int, Posted]:
    """Return where the root of each round was posted, by round, from the calldata in blocks `first` to `last`.

    Parameters
    ----------
    address : str
        Where the contract of bonds is.
    """
    found: dict[int, Posted] = {}
    post, batch = interface(ARTIFACT).functions["post"], 0
    for call in calls_on_chain(rpc, address, first, last):
        if call.calldata[:4] != post.selector:
            continue
        number, start, roots = post.decode(call.calldata)
        if number == task:
            rounds = range(start, start + len(roots))
            found |= {round_: Posted(batch, start, tuple(roots), round_) for round_ in rounds}
            batch += 1
    return found


def add_evidence(sender: Sender, deployment: Deployment) -> Deployment:
    """Deploy the contract of coordinators' bonds beside an Alliance, and return the deployment with it.

    Points move through it too from then on; the sender must be who may grant that.

    Raises
    ------
    TransactionError
        The deployment failed.
    AccessControlUnauthorizedAccount
        The points are not the sender's to grant.
    """
    contracts = dict(deployment.contracts)
    deploy_contract(sender, ARTIFACT, (deployment.alliance, deployment.fml), contracts)
    if deployment.has_points:
        points = BoundContract(sender, POINTS, deployment.fml)
        points.send(TOKEN_CALL, "grantRole", points.read("PROTOCOL_ROLE"), contracts[ARTIFACT].address)
    return Deployment(deployment.chain_id, deployment.block, contracts)
