"""Documents of models' knowledge bases on a chain; `Documents.sol` says the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from fl_alliance.chain.deploy import DOCUMENTS
from fl_alliance.chain.deployed import DeployedClient, DeployedView
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.sender import Receipt

_GAS = 400_000
_CREDIT_GAS, _EACH_GAS = 150_000, 60_000


class Verdict(IntEnum):
    """How a holder judges a document."""

    NONE = 0
    RELEVANT = 1
    IRRELEVANT = 2
    MALICIOUS = 3


@dataclass(frozen=True, slots=True)
class Document:
    """A document; votes are wei of locked FML as of second `counted_at`, `digest` is its content's sha256."""

    contributor: str
    counted_at: int
    is_settled: bool
    is_accepted: bool
    model: int
    digest: bytes
    stake_wei: int
    relevant_wei: int
    irrelevant_wei: int
    malicious_wei: int
    uses: int


@dataclass(frozen=True, slots=True)
class CreditCall:
    """A call for credit: what waited then, and the second from which it can be shared out; zeros: there is none."""

    amount_wei: int
    due_at: int


class DocumentsView(DeployedView):
    """The documents, to be read without an account."""

    ARTIFACT = DOCUMENTS

    @property
    def count(self) -> int:
        """How many documents were ever contributed; they are numbered from 1."""
        return int(self._reader.read("count"))

    @property
    def stake_wei(self) -> int:
        """Stake of a document that comes now."""
        return int(self._reader.read("stakeWei"))

    def document(self, number: int) -> Document:
        """Return a document; raises `UnknownDocument`."""
        contributor, *rest = self._reader.read("documentOf", number)
        return Document(checksum(contributor), *rest)

    def removed(self, first: int) -> frozenset[int]:
        """Return the documents that the DAO has removed from block `first` on."""
        return frozenset(values["document"] for values, _ in self._told("Removed", first))

    def share_wei(self, model: int) -> int:
        """Return a model's contributors' share that is neither credited nor shared out yet."""
        return int(self._reader.read("shareWei", model))

    def call(self, model: int) -> CreditCall:
        """Return the call for credit of a model."""
        return CreditCall(*self._reader.read("callOf", model))

    def untaken_wei(self, document: int) -> int:
        """Return a document's part of what was shared out that is not taken yet; raises `UnknownDocument`."""
        return int(self._reader.read("untakenWei", document))

    def due_wei(self, contributor: str) -> int:
        """Return what a contributor can take."""
        return int(self._reader.read("dueWei", contributor))


class Documents(DeployedClient, DocumentsView):
    """The same as one account uses it: a contributor, a holder of locked FML, or a host."""

    def contribute(self, model: int, digest: bytes) -> int:
        """Contribute a document with the stake that it takes, and return its number.

        Raises
        ------
        UnknownModel, AlreadyContributed, BadParameter, ERC20InsufficientBalance
        """
        self._fml.send(_GAS, "approve", self.address, self.stake_wei)
        receipt = self._bound.send(_GAS, "contribute", model, digest)
        return int(self._bound.events(receipt, "Contributed")[0]["document"])

    def judge(self, document: int, verdict: Verdict) -> Receipt:
        """Judge a document; raises `UnknownDocument`, `CannotJudge`, `WrongTime`."""
        return self._bound.send(_GAS, "judge", document, verdict)

    def settle(self, document: int) -> Receipt:
        """End a document's vote; raises `UnknownDocument`, `WrongTime`."""
        return self._bound.send(_GAS, "settle", document)

    def credit(self, model: int, uses: Mapping[int, int]) -> Receipt:
        """Credit documents with how often answers cited them; raises `NotAllowed`, `NotAccepted`, `BadParameter`."""
        gas = _CREDIT_GAS + _EACH_GAS * len(uses)
        return self._bound.send(gas, "credit", model, list(uses), list(uses.values()))

    def call_for_credit(self, model: int) -> CreditCall:
        """Call for the host to credit what waits; raises `BadParameter` where nothing does, `WrongTime` at another."""
        receipt = self._bound.send(_GAS, "callForCredit", model)
        told = self._bound.events(receipt, "CreditCalledFor")[0]
        return CreditCall(int(told["amountWei"]), int(told["dueAt"]))

    def share_out(self, model: int) -> int:
        """Share out what waited when the host was called, and return what each document has of it, in wei.

        Raises
        ------
        WrongTime
            There is no call, or it is not due yet.
        """
        receipt = self._bound.send(_GAS, "shareOut", model)
        return int(self._bound.events(receipt, "SharedOut")[0]["eachWei"])

    def take_share(self, document: int) -> int:
        """Make a document's part of it due to its contributor; return it in wei; raises `NotAccepted`."""
        receipt = self._bound.send(_GAS, "takeShare", document)
        return int(self._bound.events(receipt, "ShareTaken")[0]["amountWei"])

    def withdraw(self) -> int:
        """Take what one's documents have earned, and return it in wei."""
        receipt = self._bound.send(_GAS, "withdraw")
        return int(self._bound.events(receipt, "Withdrawn")[0]["amountWei"])
