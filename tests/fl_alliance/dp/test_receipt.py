"""A receipt is about one update, one ledger and one signer, and every change of it is noticed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("opacus")

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain
from fl_alliance.dp.account import Account, Promise
from fl_alliance.dp.entries import Trained
from fl_alliance.dp.errors import ReceiptInvalid
from fl_alliance.dp.ledgers import Ledgers
from fl_alliance.dp.receipt import Receipt, ReceiptBook
from fl_alliance.dp.units import Unit
from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.wire import Place

PLACE = Place(Domain(31337, "0x" + "11" * 20), 3, 2)
UPDATE = bytes(range(32))
PROMISE = Promise(Unit.PATIENT, 8.0, 1e-5)
SITE = NodeKey.derive(1, 0)


@pytest.fixture
def account(tmp_path: Path) -> Account:
    made = Account(Ledgers(tmp_path).opened("ab" * 32, Unit.PATIENT), PROMISE)
    made.charge(Trained("task", 2, "request", 4.0, 1.0, 5))
    return made


@pytest.fixture
def receipt(account: Account) -> Receipt:
    return Receipt.issue(account, SITE, PLACE, "task", UPDATE)


def check(receipt: Receipt, promise: Promise = PROMISE, update: bytes = UPDATE) -> None:
    receipt.check(PLACE.domain, 3, 2, update, SITE.address, promise)


def test_a_receipt_says_what_the_ledger_says_never_less(receipt: Receipt, account: Account) -> None:
    book = account.ledger.read()
    exact = book.spent(1e-5).epsilon
    assert exact <= receipt.epsilon <= exact + 1e-6
    assert receipt.said.ledger.hex() == book.head
    assert receipt.said.delta_atto == 10**13
    check(receipt)


def test_a_receipt_comes_back_from_its_line(receipt: Receipt) -> None:
    assert Receipt.read(receipt.to_json()) == receipt


def test_a_changed_field_is_noticed(receipt: Receipt) -> None:
    said, found = json.loads(receipt.to_json()), 0
    for name, value in said.items():
        with pytest.raises(ReceiptInvalid):
            check(Receipt.read(json.dumps({**said, name: _changed(value)})))
        found += 1
    assert found == 9


def _changed(value: str | int) -> str | int:
    """Return a number one lower, the other unit, or hex digits of which one is another."""
    if isinstance(value, int):
        return value - 1
    return "record" if value == "patient" else format(int(value[0], 16) ^ 1, "x") + value[1:]


def test_a_receipt_for_another_update_or_by_another_node_is_refused(receipt: Receipt) -> None:
    with pytest.raises(ReceiptInvalid, match="another update"):
        check(receipt, update=bytes(32))
    other = NodeKey.derive(1, 1)
    with pytest.raises(ReceiptInvalid, match="signed by"):
        check(replace(receipt, signature=receipt.said.sign(other, PLACE.domain)))


def test_a_receipt_that_admits_to_more_than_was_promised_is_refused(receipt: Receipt) -> None:
    with pytest.raises(ReceiptInvalid, match=r"the task promises 0\.5"):
        check(receipt, Promise(Unit.PATIENT, 0.5, 1e-5))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "1", '{"signature": "zz"}', '{"signature": "00", "task": 1}', "[" * 9999]
)
def test_what_is_no_receipt_is_refused_in_words(text: str) -> None:
    with pytest.raises(ReceiptInvalid):
        Receipt.read(text)


def test_the_coordinator_keeps_good_receipts_and_drops_updates_without(tmp_path: Path, receipt: Receipt) -> None:
    book = ReceiptBook(tmp_path / "receipts.jsonl", PROMISE)
    for text in (None, b"bytes", "{}", receipt.to_json().replace('"round": 2', '"round": 1')):
        with pytest.raises(BadReply):
            book.admit(PLACE, SITE.address, UPDATE, text)
    assert list(book) == []
    book.admit(PLACE, SITE.address, UPDATE, receipt.to_json())
    assert list(book) == [receipt]
