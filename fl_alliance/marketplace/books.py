"""A gateway's books: what was answered and is owed, the vouchers that pay for it, and what nobody may be sold twice.

Everything is on the disk before it counts (SQLite, write-ahead, a full sync at each commit), so a process that is
killed loses no voucher and charges nothing twice. A call goes through three steps: it is reserved, with what pays for
it; the answer is written down and charged; it is sent. What was reserved and not answered when a gateway starts is
forgotten: nobody was answered. What was answered can be had again with the same payment, so a connection that breaks
costs nobody; who may have it, admission says.
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fl_alliance.chain.call_vouchers import CallVoucher, SignedVoucher
from fl_alliance.marketplace.errors import BooksBusy, PaymentRefused

_OPEN, _EARNED, _FAILED = "open", "earned", "failed"
"""A held payment's call goes on, was answered, or was not."""
_SET_HOLD = "UPDATE holds SET state = ? WHERE payment = ?"
KEPT_S = 86_400
"""Seconds for which an answer can be had again with the payment that bought it."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    payer TEXT, model INTEGER, owed_wei TEXT NOT NULL, reserved_wei TEXT NOT NULL, calls INTEGER NOT NULL,
    PRIMARY KEY (payer, model)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vouchers (
    payer TEXT, model INTEGER, owed_wei TEXT, calls INTEGER NOT NULL, signature BLOB NOT NULL,
    PRIMARY KEY (payer, model, owed_wei)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payments (
    payment TEXT PRIMARY KEY, request BLOB NOT NULL, at INTEGER NOT NULL, answer BLOB,
    is_settled INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holds (
    payment TEXT PRIMARY KEY, model INTEGER NOT NULL, payer TEXT NOT NULL, nonce BLOB NOT NULL,
    state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS free (
    payer TEXT, day INTEGER, used INTEGER NOT NULL, PRIMARY KEY (payer, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (
    model INTEGER, means TEXT, calls INTEGER NOT NULL, PRIMARY KEY (model, means)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uses (
    model INTEGER, document INTEGER, uses INTEGER NOT NULL, PRIMARY KEY (model, document)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Account:
    """What a payer owes for a model's answers in all, what is reserved for calls that go on, and how many answers."""

    owed_wei: int
    reserved_wei: int
    calls: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A payment that bought an answer already: the answer, empty where it was a stream, and whether it is settled."""

    answer: bytes
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A payment that the chain holds for a call: of which model, by whom, and its nonce."""

    model: int
    payer: str
    nonce: bytes


class Books:
    """Books in a file that one gateway at a time has open.

    Parameters
    ----------
    path : Path
        The file; made where missing.

    Raises
    ------
    BooksBusy
        Another process has it.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=0)
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
            with self.written():
                self._db.execute("UPDATE accounts SET reserved_wei = '0'")
                self._db.execute("DELETE FROM payments WHERE answer IS NULL")
                self._db.execute("UPDATE holds SET state = ? WHERE state = ?", (_FAILED, _OPEN))
        except sqlite3.OperationalError:
            self._db.close()
            raise BooksBusy(str(path)) from None

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # --- what is owed

    def account(self, payer: str, model: int) -> Account:
        """Return a payer's account with a model."""
        row = self._one(
            "SELECT owed_wei, reserved_wei, calls FROM accounts WHERE payer = ? AND model = ?", payer, model
        )
        return Account(int(row[0]), int(row[1]), row[2]) if row else Account(0, 0, 0)

    def accounts(self) -> dict[tuple[str, int], Account]:
        """Return all accounts by payer and model."""
        rows = self._all("SELECT payer, model, owed_wei, reserved_wei, calls FROM accounts")
        return {(payer, model): Account(int(owed), int(held), calls) for payer, model, owed, held, calls in rows}

    def debts(self, payer: str) -> dict[int, Account]:
        """Return a payer's accounts by model."""
        rows = self._all("SELECT model, owed_wei, reserved_wei, calls FROM accounts WHERE payer = ?", payer)
        return {model: Account(int(owed), int(held), calls) for model, owed, held, calls in rows}

    def keep(self, signed: SignedVoucher) -> None:
        """Keep a voucher whose signature was checked; of two over the same amount the one with more calls."""
        one = signed.voucher
        with self.written():
            self._db.execute(
                "INSERT INTO vouchers VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET calls = excluded.calls, "
                "signature = excluded.signature WHERE excluded.calls > calls",
                (one.payer, one.model, str(one.owed_wei), one.calls, signed.signature),
            )

    def vouchers(self, payer: str, model: int) -> list[SignedVoucher]:
        """Return the vouchers of a payer for a model, the lowest first."""
        rows = self._all("SELECT owed_wei, calls, signature FROM vouchers WHERE payer = ? AND model = ?", payer, model)
        found = [SignedVoucher(CallVoucher(payer, model, int(owed), calls), sign) for owed, calls, sign in rows]
        return sorted(found, key=lambda signed: signed.voucher.owed_wei)

    def claimed_wei(self, payer: str, model: int) -> int:
        """Return what would be turned in for what is owed and reserved: the lowest voucher that covers it."""
        account = self.account(payer, model)
        owed_wei = account.owed_wei + account.reserved_wei
        covering = (one.voucher.owed_wei for one in self.vouchers(payer, model) if one.voucher.owed_wei >= owed_wei)
        return next(covering, owed_wei)

    def reserve(self, payer: str, model: int, most_wei: int, covered_wei: int) -> None:
        """Set aside what a call may cost, of what the call's own voucher or ladder covers in all.

        Raises
        ------
        PaymentRefused
            It covers less than what is owed, reserved, and this.
        """
        with self.written():
            account = self.account(payer, model)
            needed = account.owed_wei + account.reserved_wei + most_wei
            if covered_wei < needed:
                raise PaymentRefused(f"the vouchers of {payer} cover {covered_wei} wei in all, needed {needed}")
            self._write(payer, model, Account(account.owed_wei, account.reserved_wei + most_wei, account.calls))

    def charge(self, payer: str, model: int, most_wei: int, charged_wei: int) -> None:
        """Turn what was set aside for a call into what its answer costs; vouchers that cover less than that go."""
        with self.written():
            account = self.account(payer, model)
            owed_wei, left_wei = account.owed_wei + charged_wei, account.reserved_wei - most_wei
            self._write(payer, model, Account(owed_wei, left_wei, account.calls + 1))
            self.forget(payer, model, owed_wei - 1)

    def release(self, payer: str, model: int, most_wei: int) -> None:
        """Give back what was set aside for a call that was not answered."""
        with self.written():
            account = self.account(payer, model)
            self._write(payer, model, Account(account.owed_wei, account.reserved_wei - most_wei, account.calls))

    def forget(self, payer: str, model: int, paid_wei: int) -> None:
        """Drop vouchers over `paid_wei` and less: what is turned in, or what another one is worth more than."""
        with self.written():
            for signed in self.vouchers(payer, model):
                if signed.voucher.owed_wei <= paid_wei:
                    self._db.execute(
                        "DELETE FROM vouchers WHERE payer = ? AND model = ? AND owed_wei = ?",
                        (payer, model, str(signed.voucher.owed_wei)),
                    )

    # --- payments that buy one answer

    def has(self, payment: str) -> bool:
        """Return whether a payment pays for a call that goes on, or has bought an answer that is kept."""
        return self._one("SELECT 1 FROM payments WHERE payment = ?", payment) is not None

    def begin(self, payment: str, request: bytes, now: int) -> Answered | None:
        """Reserve a payment for a request; return what it bought where it did before, for `KEPT_S`.

        Later than that the payment is refused all the same, by its number or by the chain.

        Raises
        ------
        PaymentRefused
            It pays for another request, or for one that goes on.
        """
        with self.written():
            self._db.execute("DELETE FROM payments WHERE answer IS NOT NULL AND at < ?", (now - KEPT_S,))
            row = self._one("SELECT request, answer, is_settled FROM payments WHERE payment = ?", payment)
            if row is None:
                self._db.execute(
                    "INSERT INTO payments (payment, request, at) VALUES (?, ?, ?)", (payment, request, now)
                )
                return None
        if row[0] != request:
            raise PaymentRefused("the payment: has paid for another request already, or another caller's")
        if row[1] is None:
            raise PaymentRefused("the payment: pays for a call that goes on")
        return Answered(row[1], bool(row[2]))

    def answer(self, payment: str, answer: bytes) -> None:
        """Write down what a payment bought."""
        with self.written():
            self._db.execute("UPDATE payments SET answer = ? WHERE payment = ?", (answer, payment))

    def settled(self, payment: str) -> None:
        """Note that a payment is on the chain."""
        with self.written():
            self._db.execute("UPDATE payments SET is_settled = 1 WHERE payment = ?", (payment,))

    def cancel(self, payment: str) -> None:
        """Forget a payment that bought nothing."""
        with self.written():
            self._db.execute("DELETE FROM payments WHERE payment = ? AND answer IS NULL", (payment,))

    # --- payments that the chain holds for streams

    def hold(self, payment: str, held: Held) -> None:
        """Note that a payment is about to be held for a call that goes on."""
        with self.written():
            row = (payment, held.model, held.payer, held.nonce, _OPEN)
            self._db.execute("INSERT OR REPLACE INTO holds VALUES (?, ?, ?, ?, ?)", row)

    def earn(self, payment: str) -> bool:
        """Note that the call of a held payment was answered; return whether the payment is held."""
        with self.written():
            return self._db.execute(_SET_HOLD, (_EARNED, payment)).rowcount > 0

    def fail(self, payment: str) -> bool:
        """Note that the call of a held payment was not answered; return whether the payment is held."""
        with self.written():
            return self._db.execute(_SET_HOLD, (_FAILED, payment)).rowcount > 0

    def unhold(self, payment: str) -> None:
        """Forget a payment that is not held, or no more."""
        with self.written():
            self._db.execute("DELETE FROM holds WHERE payment = ?", (payment,))

    def earned(self) -> dict[str, Held]:
        """Return held payments whose calls were answered, to be taken."""
        return self._held(_EARNED)

    def failed(self) -> dict[str, Held]:
        """Return held payments whose calls were not answered, to be given back."""
        return self._held(_FAILED)

    def _held(self, state: str) -> dict[str, Held]:
        rows = self._all("SELECT payment, model, payer, nonce FROM holds WHERE state = ?", state)
        return {payment: Held(model, payer, nonce) for payment, model, payer, nonce in rows}

    # --- free calls, counters, documents

    def take_free(self, payer: str, day: int, most: int) -> bool:
        """Take one of a day's free calls; return whether one was left."""
        with self.written():
            row = self._one("SELECT used FROM free WHERE payer = ? AND day = ?", payer, day)
            used = row[0] if row else 0
            if used >= most:
                return False
            self._db.execute("INSERT OR REPLACE INTO free VALUES (?, ?, ?)", (payer, day, used + 1))
            return True

    def give_back_free(self, payer: str, day: int) -> None:
        """Return a free call that was not answered."""
        with self.written():
            self._db.execute("UPDATE free SET used = used - 1 WHERE payer = ? AND day = ? AND used > 0", (payer, day))

    def count(self, model: int, means: str) -> None:
        """Count an answer by how it was paid."""
        with self.written():
            self._db.execute(
                "INSERT INTO counts VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET calls = calls + 1", (model, means)
            )

    def counts(self) -> dict[tuple[int, str], int]:
        """Return how many answers there were by model and means."""
        return {(model, means): calls for model, means, calls in self._all("SELECT model, means, calls FROM counts")}

    def use(self, model: int, documents: Mapping[int, int]) -> None:
        """Note how often an answer used documents."""
        with self.written():
            for document, uses in documents.items():
                self._db.execute(
                    "INSERT INTO uses VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET uses = uses + excluded.uses",
                    (model, document, uses),
                )

    def uses(self) -> dict[int, dict[int, int]]:
        """Return how often answers used documents since ever: model -> document -> how many."""
        found: dict[int, dict[int, int]] = {}
        for model, document, uses in self._all("SELECT model, document, uses FROM uses"):
            found.setdefault(model, {})[document] = uses
        return found

    # --- the file

    def _write(self, payer: str, model: int, account: Account) -> None:
        row = (payer, model, str(account.owed_wei), str(account.reserved_wei), account.calls)
        self._db.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?)", row)

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        with self._lock:
            return self._db.execute(query, values).fetchone()  # type: ignore[no-any-return]

    def _all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def written(self) -> Iterator[None]:
        """Make one transaction of a block, a nested one part of the outer's; it is on the disk when the block ends."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
