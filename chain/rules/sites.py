"""What a consortium's contract does, without a chain: who is a member, what is approved, whose key is whose.

`contracts/Sites.sol` is the same; who signed what is checked before. A yes is one membership's, not one account's: who
was expelled and came back says so again.
"""

from dataclasses import dataclass, field

from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.chain.site_refusals import (
    BadConsortium,
    EmptyDigest,
    InConsortium,
    KeyNotBound,
    KeyUsed,
    LogNotLonger,
    NoPoints,
    NothingNew,
    NotInConsortium,
)
from fl_alliance.chain.vouchers import Change

MAX_MEMBERS, MAX_SLOTS = 64, 256
NOTHING = bytes(32)


@dataclass
class SitesModel:
    """A consortium's contract as its rules make it; every method checks first, and raises having done nothing.

    Attributes
    ----------
    slots : dict of str to int
        Each member's slot, in the order of admission.
    threshold : int
        How many members must agree.
    has_points : bool
        Whether it can mint.
    keys : dict of str to bytes
        A site's key now.
    owners : dict of bytes to str
        Whose a key is or was.
    logs : dict of str to int
        Entries of a site's log that are anchored.
    minted : dict of str to int
        Wei of points that each account got.
    """

    slots: dict[str, int]
    threshold: int
    has_points: bool = False
    given: int = 0
    epoch: int = 0
    keys: dict[str, bytes] = field(default_factory=dict)
    owners: dict[bytes, str] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    logs: dict[str, int] = field(default_factory=dict)
    minted: dict[str, int] = field(default_factory=dict)
    bundles: dict[tuple[bytes, bytes], set[int]] = field(default_factory=dict)
    changes: dict[tuple[Change, str, int, int], set[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, members: list[str], threshold: int, has_points: bool = False) -> "SitesModel":
        """Return a new consortium; raises `BadConsortium`, `InConsortium`."""
        model = cls({}, 0, has_points)
        for member in members:
            model._admit(member)
        model._set_threshold(threshold)
        return model

    def bind(self, site: str, key: bytes, proof: bytes, previous: bytes) -> None:
        """Bind `site` to `key` instead of `previous`; raises `EmptyDigest`, `KeyUsed`, `KeyNotBound`."""
        for name, digest in (("key", key), ("proof", proof)):
            if digest == NOTHING:
                raise EmptyDigest(name)
        if key in self.owners:
            raise KeyUsed(key, self.owners[key])
        bound = self.keys.get(site, NOTHING)
        if bound != previous:
            raise KeyNotBound(site, previous, bound)
        self.owners[key], self.keys[site] = site, key
        self.revisions[site] = self.revisions.get(site, 0) + 1

    def revoke(self, site: str, key: bytes, is_free: bool = False) -> None:
        """End a binding; raises `KeyNotBound`."""
        bound = self.keys.get(site, NOTHING)
        if key == NOTHING or bound != key:
            raise KeyNotBound(site, key, bound)
        del self.keys[site]
        if is_free:
            del self.owners[key]

    def judge_bundle(self, member: str, code: bytes, config: bytes, approves: bool) -> None:
        """Approve a bundle or take that back; raises `EmptyDigest`, `NotInConsortium`, `NothingNew`."""
        for name, digest in (("codeDigest", code), ("configDigest", config)):
            if digest == NOTHING:
                raise EmptyDigest(name)
        self.bundles[code, config] = self._judged(self.bundles.get((code, config), set()), member, approves)

    def judge_change(self, member: str, change: Change, account: str, value: int, supports: bool) -> None:
        """Support a change, which is made once enough do; raises what making it raises, and as `judge_bundle`."""
        subject = (change, account, value, self.epoch)
        votes = self._judged(self.changes.get(subject, set()), member, supports)
        if supports and self._count(votes) >= self.threshold:
            self._make(change, account, value)
            votes = set()
        self.changes[subject] = votes

    def anchor(self, site: str, head: bytes, length: int) -> None:
        """Note the head of a log; raises `EmptyDigest`, `LogNotLonger`."""
        if head == NOTHING:
            raise EmptyDigest("head")
        if length <= self.logs.get(site, 0):
            raise LogNotLonger(site, length, self.logs.get(site, 0))
        self.logs[site] = length

    @property
    def members(self) -> list[str]:
        """The members in the order of their admission."""
        return sorted(self.slots, key=lambda member: self.slots[member])

    def approvals(self, code: bytes, config: bytes) -> int:
        """Return how many members approve a bundle."""
        return self._count(self.bundles.get((code, config), set()))

    def is_approved(self, code: bytes, config: bytes) -> bool:
        """Return whether enough members approve a bundle."""
        return self.approvals(code, config) >= self.threshold

    def support(self, change: Change, account: str, value: int) -> int:
        """Return how many members support a change."""
        return self._count(self.changes.get((change, account, value, self.epoch), set()))

    def site_of(self, key: bytes) -> str:
        """Return whose key this is now."""
        return next((site for site, bound in self.keys.items() if bound == key), ZERO_ADDRESS)

    def _make(self, change: Change, account: str, value: int) -> None:
        match change:
            case Change.ADMIT:
                self._admit(account)
            case Change.EXPEL:
                self._expel(account)
            case Change.THRESHOLD:
                self._set_threshold(value)
            case Change.REVOKE | Change.RELEASE:
                self.revoke(account, value.to_bytes(32, "big"), is_free=change is Change.RELEASE)
            case Change.MINT:
                if not self.has_points:
                    raise NoPoints
                self.minted[account] = self.minted.get(account, 0) + value
        self.epoch += change <= Change.THRESHOLD

    def _admit(self, account: str) -> None:
        if account in self.slots:
            raise InConsortium(account)
        if account == ZERO_ADDRESS or len(self.slots) == MAX_MEMBERS or self.given == MAX_SLOTS:
            raise BadConsortium(len(self.slots) + 1, self.threshold)
        self.slots[account] = self.given
        self.given += 1

    def _expel(self, account: str) -> None:
        self._require(account)
        if len(self.slots) == self.threshold:
            raise BadConsortium(len(self.slots) - 1, self.threshold)
        del self.slots[account]

    def _set_threshold(self, threshold: int) -> None:
        if not 0 < threshold <= len(self.slots):
            raise BadConsortium(len(self.slots), threshold)
        self.threshold = threshold

    def _judged(self, votes: set[int], member: str, says: bool) -> set[int]:
        slot = self._require(member)
        if (slot in votes) == says:
            raise NothingNew(member)
        return votes ^ {slot}

    def _require(self, account: str) -> int:
        if account not in self.slots:
            raise NotInConsortium(account)
        return self.slots[account]

    def _count(self, votes: set[int]) -> int:
        return len(votes & set(self.slots.values()))
