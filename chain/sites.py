"""A consortium's contract on a chain: whose SuperNode keys are, which bundles are approved, where logs stand.

What a site says it signs with its own key (`Pen`), and whoever has gas sends (`Sites`): its relayer, or itself.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fl_alliance.chain import artifacts
from fl_alliance.chain.bound import BoundContract, ContractReader
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import POINTS, SITES, Contract, Deployment, deploy_contract, hash_of_code
from fl_alliance.chain.errors import ContractMissing
from fl_alliance.chain.messages import Domain, Signer, checksum
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import ZERO_ADDRESS, address_bytes
from fl_alliance.chain.sender import Receipt, Sender, read_log
from fl_alliance.chain.vouchers import (
    AnchorLog,
    Bind,
    Change,
    JudgeBundle,
    JudgeChange,
    Revoke,
    Voucher,
    sites_domain,
)

NO_KEY = bytes(32)
ANCHOR_GAS, LATER_ANCHOR_GAS = 100_000, 40_000
"""The most that an anchor may take, and what any but a site's first takes at most (`tests/chain/gas.json`)."""
_GAS, _ADMISSION_GAS = 300_000, 80_000


@dataclass(frozen=True, slots=True)
class Binding:
    """A site's SuperNode key: sha256 of its DER bytes and of the statement it signed, since when, and the how-manyth.

    `key` is zeros where the site has none.
    """

    key: bytes
    proof: bytes
    bound_at: int
    revision: int


@dataclass(frozen=True, slots=True)
class AnchoredLog:
    """The head of a site's decision log as the chain knows it; length 0: nothing is known."""

    head: bytes
    length: int
    anchored_at: int


class SitesView:
    """A consortium's contract, to be read without an account.

    Parameters
    ----------
    rpc : Rpc
        Its chain.
    address : str
        Where it is: `Deployment.sites`.
    """

    def __init__(self, rpc: Rpc, address: str) -> None:
        self.rpc, self._contract = rpc, ContractReader(rpc, SITES, address)
        self.address = self._contract.address
        self.domain: Domain = sites_domain(rpc.number("eth_chainId"), self.address)

    @property
    def members(self) -> tuple[str, ...]:
        """The consortium's members, in the order of their admission."""
        return tuple(map(checksum, self._contract.read("members")))

    @property
    def threshold(self) -> int:
        """How many of them must agree."""
        return int(self._contract.read("threshold"))

    @property
    def epoch(self) -> int:
        """How many changes of members or of the threshold there were."""
        return int(self._contract.read("epoch"))

    @property
    def points(self) -> str | None:
        """The points that the consortium mints, None where there are none."""
        found = checksum(self._contract.read("points"))
        return None if found == ZERO_ADDRESS else found

    def nonce(self, site: str) -> int:
        """Return the number that a site's next signature must name."""
        return int(self._contract.read("nonces", site))

    def binding(self, site: str) -> Binding:
        """Return a site's key."""
        return Binding(*self._contract.read("bindingOf", site))

    def site_of(self, key: bytes) -> str | None:
        """Return whose key this is now, None where it is nobody's."""
        found = checksum(self._contract.read("siteOf", key))
        return None if found == ZERO_ADDRESS else found

    def owner_of(self, key: bytes) -> str | None:
        """Return whose key this is or was, None where it is nobody's."""
        found = checksum(self._contract.read("ownerOf", key))
        return None if found == ZERO_ADDRESS else found

    def approvals(self, code_digest: bytes, config_digest: bytes) -> tuple[str, ...]:
        """Return the members that approve a bundle."""
        asked = (code_digest, config_digest)
        return tuple(member for member in self.members if self._contract.read("approves", member, *asked))

    def is_approved(self, code_digest: bytes, config_digest: bytes) -> bool:
        """Return whether enough members approve a bundle."""
        return bool(self._contract.read("isApproved", code_digest, config_digest))

    def support(self, change: Change, account: str, value: int) -> int:
        """Return how many members support a change."""
        return int(self._contract.read("support", int(change), account, value))

    def anchored(self, site: str) -> AnchoredLog:
        """Return the head of a site's log."""
        return AnchoredLog(*self._contract.read("anchorOf", site))

    def anchors(self, site: str) -> tuple[AnchoredLog, ...]:
        """Return every head of a site's log that was ever anchored, the oldest first: each is the head for good."""
        event = interface(SITES).event("LogAnchored")
        topics = ["0x" + event.topic.hex(), "0x" + address_bytes(site).rjust(32, b"\0").hex()]
        query = {"address": self.address, "topics": topics, "fromBlock": "earliest", "toBlock": "latest"}
        found = []
        for entry in self.rpc("eth_getLogs", query):
            log = read_log(entry)
            told = event.values(log.topics, log.data)
            at = self.rpc.second(int(entry["blockNumber"], 16))
            found.append(AnchoredLog(told["head"], told["length"], at))
        return tuple(sorted(found, key=lambda each: each.length))


class Sites(SitesView):
    """A consortium's contract as one account sends to it, for itself or for whoever signed a voucher.

    Each call raises `VoucherInvalid` or `VoucherExpired` where the voucher is not what the contract needs.

    Parameters
    ----------
    sender : Sender
        The account that sends, and its chain.
    address : str
        Where the contract is: `Deployment.sites`.
    """

    def __init__(self, sender: Sender, address: str) -> None:
        super().__init__(sender.rpc, address)
        self._bound, self.sender = BoundContract(sender, SITES, address), sender
        self.me = sender.address

    def bind(self, key: bytes, proof: bytes, previous: bytes = NO_KEY, by: Voucher | None = None) -> Receipt:
        """Bind a site to the key with this digest, instead of `previous`.

        Raises
        ------
        EmptyDigest, KeyUsed, KeyNotBound
        """
        return self._send("bind", by, key, proof, previous)

    def revoke(self, key: bytes, by: Voucher | None = None) -> Receipt:
        """End a site's binding to its key; nobody can bind it again. Raises `KeyNotBound`."""
        return self._send("revoke", by, key)

    def judge_bundle(
        self, code_digest: bytes, config_digest: bytes, approves: bool = True, by: Voucher | None = None
    ) -> Receipt:
        """Approve a bundle or take that back.

        Raises
        ------
        NotInConsortium, NothingNew, EmptyDigest
        """
        return self._send("judgeBundle", by, code_digest, config_digest, approves)

    def judge_change(
        self, change: Change, account: str, value: int = 0, supports: bool = True, by: Voucher | None = None
    ) -> Receipt:
        """Support a change of the consortium, which is made once enough do, or take that back.

        Raises
        ------
        NotInConsortium, NothingNew
        InConsortium, BadConsortium, KeyNotBound, NoPoints
            It cannot be made.
        """
        return self._send("judgeChange", by, int(change), account, value, supports)

    def anchor(self, head: bytes, length: int, by: Voucher | None = None) -> Receipt:
        """Tell the head of a site's log; raises `LogNotLonger`, `EmptyDigest`."""
        return self._send("anchor", by, head, length, gas=ANCHOR_GAS)

    def _send(self, name: str, by: Voucher | None, *args: Any, gas: int = _GAS) -> Receipt:
        return self._bound.send(gas, name, (by or Voucher(self.me)).values, *args)


class Pen:
    """What a site signs for its consortium's contract, for somebody else to send.

    Parameters
    ----------
    key : NodeKey or another Signer with an `address`
        The site's.
    address : str
        The site's account.
    view : SitesView
        Where the numbers of signatures are read.
    deadline : int
        Last second at which what is signed counts.
    """

    def __init__(self, key: Signer, address: str, view: SitesView, deadline: int) -> None:
        self._key, self.address, self._view, self._deadline = key, address, view, deadline

    def bind(self, key: bytes, proof: bytes, previous: bytes = NO_KEY) -> Voucher:
        """Sign `Sites.bind`."""
        return self._voucher(Bind(key, proof, previous, self._nonce, self._deadline))

    def revoke(self, key: bytes) -> Voucher:
        """Sign `Sites.revoke`."""
        return self._voucher(Revoke(key, self._nonce, self._deadline))

    def judge_bundle(self, code_digest: bytes, config_digest: bytes, approves: bool = True) -> Voucher:
        """Sign `Sites.judge_bundle`."""
        return self._voucher(JudgeBundle(code_digest, config_digest, approves, self._nonce, self._deadline))

    def judge_change(self, change: Change, account: str, value: int = 0, supports: bool = True) -> Voucher:
        """Sign `Sites.judge_change`."""
        asked = (change, account, value, supports, self._view.epoch)
        return self._voucher(JudgeChange(*asked, self._nonce, self._deadline))

    def anchor(self, head: bytes, length: int) -> Voucher:
        """Sign `Sites.anchor`."""
        return self._voucher(AnchorLog(head, length, self._deadline))

    @property
    def _nonce(self) -> int:
        return self._view.nonce(self.address)

    def _voucher(self, message: Bind | Revoke | JudgeBundle | JudgeChange | AnchorLog) -> Voucher:
        return Voucher(self.address, self._deadline, message.sign(self._key, self._view.domain))


def proof_digest(signature: bytes) -> bytes:
    """Return what the chain keeps of the statement's signature by a SuperNode's key."""
    return hashlib.sha256(signature).digest()


def add_sites(sender: Sender, deployment: Deployment, members: Sequence[str], threshold: int) -> Deployment:
    """Deploy a consortium's contract beside a deployment's, and return the deployment with it.

    Where the deployment has points, the consortium can mint them from then on, if the sender may grant that.

    Raises
    ------
    ValueError
        The deployment has one already.
    BadConsortium, InConsortium
        The members are no consortium.
    AccessControlUnauthorizedAccount
        The points are not the sender's to grant.
    """
    if SITES in deployment.contracts:
        raise ValueError(f"add_sites: given a deployment with one at {deployment.sites}, needed one without")
    contracts: dict[str, Contract] = dict(deployment.contracts)
    points = deployment.fml if POINTS in contracts else ZERO_ADDRESS
    deploy_contract(sender, SITES, (list(members), threshold, points), contracts, _ADMISSION_GAS * len(members))
    if POINTS in contracts:
        bound = BoundContract(sender, POINTS, points)
        bound.send(_GAS, "grantRole", bound.read("MINTER_ROLE"), contracts[SITES].address)
    return Deployment(deployment.chain_id, deployment.block, contracts)


def with_sites(rpc: Rpc, deployment: Deployment, address: str) -> Deployment:
    """Return a deployment that names the consortium's contract which is at an address already.

    Raises
    ------
    ContractMissing
        No code of ours is there, but for the values of its construction.
    ValueError
        This is no address.
    """
    at = checksum(address)
    found = rpc.bytes("eth_getCode", at, "latest")
    artifact = artifacts.load(SITES)
    known = bytes.fromhex(artifact.deployed_bytecode.removeprefix("0x"))
    blank = bytearray(found)
    for places in artifact.immutable_references.values():
        for place in places:
            blank[place["start"] : place["start"] + place["length"]] = bytes(place["length"])
    if bytes(blank) != known:
        raise ContractMissing(SITES, (at,))
    contracts = deployment.contracts | {SITES: Contract(at, hash_of_code(rpc, at))}
    return Deployment(deployment.chain_id, deployment.block, contracts)
