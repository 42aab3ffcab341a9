"""The spent-budget receipt that goes with an update: written by the node, checked and kept by the coordinator."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from fl_alliance.chain import strict_json
from fl_alliance.chain.accounts import SigningKey
from fl_alliance.chain.errors import SignatureInvalid
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.receipts import ATTO, MICRO, SpentBudget
from fl_alliance.dp.account import Account, Promise
from fl_alliance.dp.errors import ReceiptInvalid
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.wire import Place

_BYTES = ("update", "ledger")
_MOST = 2**64


@dataclass(frozen=True, slots=True)
class Receipt:
    """A signed statement of spent budget; see `chain.receipts` for what it is worth."""

    said: SpentBudget
    signature: bytes

    @classmethod
    def issue(cls, account: Account, key: SigningKey, at: Place, task: str, update: bytes) -> Self:
        """Return what the ledger says now, signed; the release was entered before it was computed."""
        stated = account.statement(task)
        said = SpentBudget(
            at.task,
            at.round,
            update,
            stated.head,
            str(stated.unit),
            _up(stated.task.epsilon, MICRO),
            _up(stated.total.epsilon, MICRO),
            _up(account.promise.delta, ATTO),
        )
        return cls(said, said.sign(key, at.domain))

    @property
    def epsilon(self) -> float:
        """What this task had spent."""
        return self.said.epsilon_micro / MICRO

    def to_json(self) -> str:
        """Return the receipt as one line; `read` takes it."""
        said = {name: value.hex() if name in _BYTES else value for name, value in asdict(self.said).items()}
        return json.dumps({**said, "signature": self.signature.hex()})

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what `to_json` wrote; raises `ReceiptInvalid`."""
        try:
            content = strict_json.parse(text)
            signature = bytes.fromhex(content.pop("signature"))
            said = SpentBudget(**{name: _field(name, value) for name, value in content.items()})
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise ReceiptInvalid(f"a receipt that cannot be read ({type(error).__name__})") from None
        return cls(said, signature)

    def check(self, domain: Domain, task: int, round_number: int, update: bytes, signer: str, promise: Promise) -> None:
        """Hold a receipt against what it must be about.

        Raises
        ------
        ReceiptInvalid
            It is of another round or update, signed by another, or says that more was spent than the task promises.
        """
        said = self.said
        if (said.task, said.round, said.update) != (task, round_number, update):
            raise ReceiptInvalid(f"the receipt is about another update, needed one about {update.hex()[:16]}")
        try:
            recovered = said.recover(domain, self.signature)
        except (SignatureInvalid, ValueError, OverflowError) as error:
            raise ReceiptInvalid(f"the receipt's signature: {error}") from error
        if recovered != signer:
            raise ReceiptInvalid(f"the receipt is signed by {recovered}, needed {signer}")
        if said.unit != promise.unit or said.delta_atto != _up(promise.delta, ATTO):
            raise ReceiptInvalid(f"the receipt is for each {said.unit}, needed {promise.unit} at delta {promise.delta}")
        if said.epsilon_micro > _up(promise.epsilon, MICRO):
            raise ReceiptInvalid(
                f"the receipt says epsilon {self.epsilon:.4g}, the task promises {promise.epsilon:.4g}"
            )
        if said.total_micro < said.epsilon_micro:
            raise ReceiptInvalid("the receipt says that all tasks spent less than this one")

    def check_after(self, earlier: "Receipt") -> None:
        """Hold a receipt against an earlier one of the same node in the same task: what was spent stays spent.

        Raises
        ------
        ReceiptInvalid
            It says that less is spent, or of the same ledger another sum.
        """
        if self.said.epsilon_micro < earlier.said.epsilon_micro:
            raise ReceiptInvalid(
                f"the receipt says epsilon {self.epsilon:.4g}, the same node has said {earlier.epsilon:.4g} before"
            )
        if self.said.ledger == earlier.said.ledger and self.said.epsilon_micro != earlier.said.epsilon_micro:
            raise ReceiptInvalid(
                "the receipt names the same head of the ledger as an earlier one, and another sum of it"
            )


@dataclass(frozen=True, slots=True)
class ReceiptBook:
    """Receipts of a run as its coordinator keeps them, one a line."""

    path: Path
    promise: Promise
    _last: dict[str, Receipt] = field(default_factory=dict)

    def admit(self, place: Place, signer: str, update: bytes, text: object) -> None:
        """Keep the receipt that came with an update; raises `BadReply` where there is none, or it does not hold."""
        if not isinstance(text, str):
            raise BadReply("no receipt of the budget that the update spent, needed one")
        try:
            receipt = Receipt.read(text)
            receipt.check(place.domain, place.task, place.round, update, signer, self.promise)
            if (earlier := self._earlier(place, signer)) is not None:
                receipt.check_after(earlier)
        except ReceiptInvalid as error:
            raise BadReply(str(error)) from error
        with self.path.open("a") as file:
            file.write(receipt.to_json() + "\n")
        self._last[signer] = receipt

    def _earlier(self, place: Place, signer: str) -> Receipt | None:
        """Return the node's last receipt; of those that a run before a stop has kept the signers are recovered."""
        if not self._last:
            for receipt in self:
                self._last[receipt.said.recover(place.domain, receipt.signature)] = receipt
        return self._last.get(signer)

    def __iter__(self) -> Iterator[Receipt]:
        lines = self.path.read_text().splitlines() if self.path.is_file() else []
        return (Receipt.read(line) for line in lines)


def _field(name: str, value: Any) -> Any:
    if name in _BYTES:
        found = bytes.fromhex(value)
        if len(found) != 32:
            raise ValueError(name)
        return found
    if name == "unit":
        return str(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST:
        raise ValueError(name)
    return value


def _up(value: float, unit: int) -> int:
    """Return a value in whole parts of 1 / unit, rounded up."""
    return math.ceil(Decimal(repr(value)) * unit)
