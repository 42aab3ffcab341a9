"""Receipts of spent privacy budget: one with every update where the settings promise privacy, and each holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fl_alliance.audit.facts import EndedRound
from fl_alliance.audit.finding import Check, DoesNotHold
from fl_alliance.chain.replay import TaskModel
from fl_alliance.dp.account import Promise
from fl_alliance.dp.errors import ReceiptInvalid
from fl_alliance.dp.receipt import Receipt, ReceiptBook


class Receipts:
    """Follows what a task's members say they spent, round by round.

    Parameters
    ----------
    promise : Promise
        What the pinned configuration promises.
    model : TaskModel
        The task, with its members.
    """

    def __init__(self, promise: Promise, model: TaskModel) -> None:
        self._promise, self._model = promise, model
        self._last: dict[int, Receipt] = {}
        self.verified = 0

    def take(self, where: str, updates: Mapping[str, Any], ended: EndedRound) -> None:
        """Verify the receipts that a transcript tells of.

        Raises
        ------
        DoesNotHold
            An update came without a receipt, or one does not hold.
        """
        for member, digest in ended.committee.updates.items():
            told = updates.get(str(member))
            if told is None:
                continue  # proposed past the coordinator, or before it was stopped
            if not isinstance(told["receipt"], str):
                raise DoesNotHold(where, f"has no receipt with the update of member {member}", Check.PRIVACY)
            self._verify(f"{where}, receipt of member {member}", told["receipt"], member, ended.number, digest)
            self.verified += 1

    def compare(self, name: str, path: Path, rounds: Mapping[int, EndedRound]) -> None:
        """Verify the coordinator's own list of receipts, as far as they belong to updates on chain."""
        try:
            for receipt in ReceiptBook(path, self._promise):
                ended = rounds.get(receipt.said.round)
                updates = ended.committee.updates if ended else {}
                for member in [member for member, digest in updates.items() if digest == receipt.said.update]:
                    self._check(f"{name}, receipt of member {member}", receipt, member, receipt.said.round)
        except (ReceiptInvalid, OSError, UnicodeDecodeError) as broken:
            raise DoesNotHold(name, f"cannot be read: {broken}", Check.PRIVACY) from broken

    def _verify(self, where: str, text: str, member: int, number: int, digest: bytes) -> None:
        try:
            receipt = Receipt.read(text)
            if receipt.said.update != digest:
                raise ReceiptInvalid(f"is about update {receipt.said.update.hex()}, needed {digest.hex()}")
            self._check(where, receipt, member, number)
            if (last := self._last.get(member)) is not None:
                receipt.check_after(last)
        except ReceiptInvalid as invalid:
            raise DoesNotHold(where, str(invalid), Check.PRIVACY) from invalid
        self._last[member] = receipt

    def _check(self, where: str, receipt: Receipt, member: int, number: int) -> None:
        model = self._model
        try:
            signer = model.roster.nodes[member].address
            receipt.check(model.domain, model.task, number, receipt.said.update, signer, self._promise)
        except ReceiptInvalid as invalid:
            raise DoesNotHold(where, str(invalid), Check.PRIVACY) from invalid
