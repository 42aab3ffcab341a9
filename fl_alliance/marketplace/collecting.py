"""Turning in what was earned, in bulk: vouchers, tills, and the documents that answers used.

All of it can be done again at any time: the chain knows what was turned in, swept and credited.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from fl_alliance.arena.events import fml
from fl_alliance.chain.call_vouchers import SignedVoucher
from fl_alliance.chain.marketplace_refusals import AccountShort, NotFree
from fl_alliance.chain.revenue import MOST_HOLDS
from fl_alliance.marketplace.books import Books
from fl_alliance.marketplace.stall import Stall

MOST_VOUCHERS = 64
"""Of one transaction."""
MOST_DOCUMENTS = 128
"""Of one transaction; the contract takes no more."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was turned in: wei by vouchers and out of tills, how many vouchers, and uses of documents credited.

    What was held for streams counts as out of tills.
    """

    vouchers_wei: int = 0
    tills_wei: int = 0
    vouchers: int = 0
    uses: int = 0

    @property
    def words(self) -> str:
        """It as a sentence."""
        return (
            f"collected {fml(self.vouchers_wei + self.tills_wei)}: "
            f"{self.vouchers} vouchers for {fml(self.vouchers_wei)}, {fml(self.tills_wei)} out of tills; "
            f"credited {self.uses} uses of documents"
        )


def collect(stall: Stall, books: Books, models: Iterable[int], tell: Callable[[str], None]) -> Collected:
    """Turn in the vouchers that the books hold, sweep the models' tills, and credit documents.

    A payer whose account has become too short is told of and left out; what it owes stays in the books.

    Raises
    ------
    Refused, TransactionError
        The chain did not take it; nothing is lost.
    """
    give_back(stall, books)
    held_wei = _take(stall, books)
    chosen = _affordable(stall, due(stall, books), tell)
    taken: list[tuple[SignedVoucher, int]] = []
    for start in range(0, len(chosen), MOST_VOUCHERS):
        taken += _claimed(stall, chosen[start : start + MOST_VOUCHERS], tell)
    for one, _ in taken:
        books.forget(one.voucher.payer, one.voucher.model, one.voucher.owed_wei)
    numbers = sorted(set(models))
    tills = [model for model in numbers if stall.token.balance_wei(stall.revenue.till(model))]
    tills_wei = held_wei + sum(stall.revenue.sweep(model) for model in tills)
    uses = sum(_credit(stall, model, found) for model, found in books.uses().items() if model in numbers)
    return Collected(sum(worth_wei for _, worth_wei in taken), tills_wei, len(taken), uses)


def give_back(stall: Stall, books: Books) -> None:
    """Give back what is held for calls that were not answered; what is not held any more is forgotten."""
    for name, held in books.failed().items():
        with suppress(NotFree):  # it was never sent, or is given back already
            stall.revenue.give_back(held.model, held.payer, held.nonce)
        books.unhold(name)


def _take(stall: Stall, books: Books) -> int:
    """Take what is held for answered calls, and return what it was worth, in wei."""
    amount_wei = 0
    earned = sorted(books.earned().items(), key=lambda row: row[1].model)
    for model, rows in groupby(earned, key=lambda row: row[1].model):
        held_here = list(rows)
        for start in range(0, len(held_here), MOST_HOLDS):
            batch = held_here[start : start + MOST_HOLDS]
            amount_wei += stall.revenue.take(model, [(held.payer, held.nonce) for _, held in batch])
            for name, _ in batch:
                books.unhold(name)
    return amount_wei


def _claimed(stall: Stall, batch: list[SignedVoucher], tell: Callable[[str], None]) -> list[tuple[SignedVoucher, int]]:
    """Turn vouchers in, and return those that were with what each was worth.

    Where an account has become too short since it was looked at, in one transaction each: else whoever empties one just
    before would keep the host from all.
    """
    worth = [(one, _worth_wei(stall, one)) for one in batch]
    try:
        stall.revenue.claim(batch)
    except AccountShort as short:
        if len(batch) > 1:
            return [found for one in batch for found in _claimed(stall, [one], tell)]
        tell(f"a voucher for model {batch[0].voucher.model} is left for later: {short}")
        return []
    return worth


def _worth_wei(stall: Stall, one: SignedVoucher) -> int:
    return one.voucher.owed_wei - stall.revenue.paid_wei(one.voucher.model, one.voucher.payer)


def due(stall: Stall, books: Books) -> list[SignedVoucher]:
    """Return, of each payer and model that owe something, the lowest voucher that covers it, else the highest."""
    found = []
    for (payer, model), account in sorted(books.accounts().items()):
        paid_wei = stall.revenue.paid_wei(model, payer)
        held = [one for one in books.vouchers(payer, model) if one.voucher.owed_wei > paid_wei]
        if account.owed_wei > paid_wei and held:
            found.append(next((one for one in held if one.voucher.owed_wei >= account.owed_wei), held[-1]))
    return found


def _affordable(stall: Stall, vouchers: list[SignedVoucher], tell: Callable[[str], None]) -> list[SignedVoucher]:
    left: dict[str, int] = {}
    chosen = []
    for one in vouchers:
        payer = one.voucher.payer
        left.setdefault(payer, stall.revenue.account(payer).balance_wei)
        worth_wei = one.voucher.owed_wei - stall.revenue.paid_wei(one.voucher.model, payer)
        if worth_wei > left[payer]:
            tell(f"{payer} owes {fml(worth_wei)} for model {one.voucher.model} and has {fml(left[payer])} left")
            continue
        left[payer] -= worth_wei
        chosen.append(one)
    return chosen


def _credit(stall: Stall, model: int, uses: dict[int, int]) -> int:
    """Credit the uses that the chain does not know yet, once there is a share to pay by them; not of removed ones."""
    known = {document: stall.documents.document(document) for document in uses}
    new = {document: count - known[document].uses for document, count in uses.items() if known[document].is_accepted}
    new = {document: count for document, count in new.items() if count > 0}
    if not new or not stall.documents.share_wei(model):
        return 0
    rows = sorted(new.items())
    for start in range(0, len(rows), MOST_DOCUMENTS):
        stall.documents.credit(model, dict(rows[start : start + MOST_DOCUMENTS]))
    return sum(new.values())
