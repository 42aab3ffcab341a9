"""A ledger forgets nothing, whatever happens to the process that writes it, and notices what others write."""

import json
import multiprocessing
import os
import resource
import signal
from pathlib import Path

import pytest

pytest.importorskip("opacus")
from opacus.accountants import PRVAccountant

from fl_alliance.dp.account import Account, Promise
from fl_alliance.dp.entries import Limit, Scored, Trained
from fl_alliance.dp.errors import BudgetSpent, LedgerDamaged, PrivacyError, UnknownData
from fl_alliance.dp.ledger import Ledger
from fl_alliance.dp.ledgers import Ledgers
from fl_alliance.dp.units import Unit

DATA, OTHER = "ab" * 32, "cd" * 32
DELTA = 1e-5
PROMISE = Promise(Unit.PATIENT, 8.0, DELTA)


def opened(folder: Path, data: str = DATA) -> Ledger:
    return Ledgers(folder).opened(data, Unit.PATIENT)


def trained(number: int, task: str = "one", noise: float = 8.0, rate: float = 0.5, steps: int = 5) -> Trained:
    return Trained(task, number, f"{task}-{number}", noise, rate, steps)


def spend_all(account: Account) -> int:
    """Charge round after round until the node stops; return how many it entered."""
    for number in range(1, 100):
        try:
            account.charge(trained(number))
        except BudgetSpent:
            return number - 1
    raise AssertionError("never stopped")


def charge_in_a_process(folder: Path, entry: Trained, end: int | None = None) -> int:
    """Charge in a process of its own, which ends by a signal right afterwards where one is given; return its code."""
    process = multiprocessing.get_context("fork").Process(target=_charge, args=(folder, entry, end))
    process.start()
    process.join()
    return process.exitcode or 0


def _charge(folder: Path, entry: Trained, end: int | None) -> None:
    Account(opened(folder), PROMISE).charge(entry)
    if end is not None:
        os.kill(os.getpid(), end)


def test_twenty_rounds_of_two_tasks_and_a_restart_are_the_accountant_run_in_one_piece(tmp_path: Path) -> None:
    lifetime = Account(opened(tmp_path), Promise(Unit.PATIENT, 50.0, DELTA))
    for number in range(1, 13):
        lifetime.charge(trained(number, "one", 6.0, 0.5, 5))
    assert charge_in_a_process(tmp_path, trained(1, "two", 9.0, 1.0, 3), signal.SIGKILL) == -signal.SIGKILL
    restarted = Account(opened(tmp_path), Promise(Unit.PATIENT, 50.0, DELTA))
    for number in range(2, 9):
        restarted.charge(trained(number, "two", 9.0, 1.0, 3))
    accountant = PRVAccountant()
    for noise, rate, steps in [(6.0, 0.5, 60), (9.0, 1.0, 24)]:
        for _ in range(steps):
            accountant.step(noise_multiplier=noise, sample_rate=rate)
    book = opened(tmp_path).read()
    assert len(book.spendings) == 20
    assert book.spent(DELTA).epsilon == accountant.get_epsilon(DELTA)
    assert restarted.statement("two").total.epsilon == accountant.get_epsilon(DELTA)


def test_what_was_entered_is_spent_though_the_process_was_killed_before_it_answered(tmp_path: Path) -> None:
    assert charge_in_a_process(tmp_path, trained(1), signal.SIGKILL) == -signal.SIGKILL
    assert opened(tmp_path).read().spendings == (trained(1),)


def test_a_line_that_was_cut_off_by_a_stop_is_not_spent_and_the_ledger_goes_on(tmp_path: Path) -> None:
    account = Account(opened(tmp_path), PROMISE)
    account.charge(trained(1))
    with account.ledger.path.open("ab") as file:
        file.write(b'{"kind": "trained", "task": "one", "rou')
    account.charge(trained(2))
    assert account.ledger.read().spendings == (trained(1), trained(2))


def test_a_changed_byte_anywhere_stops_the_node(tmp_path: Path) -> None:
    account = Account(opened(tmp_path), PROMISE)
    for number in (1, 2):
        account.charge(trained(number))
    whole, refused = account.ledger.path.read_bytes(), 0
    for at in range(0, len(whole), 7):
        changed = bytearray(whole)
        changed[at] ^= 1
        account.ledger.path.write_bytes(bytes(changed))
        try:
            account.charge(trained(3))
        except LedgerDamaged:
            refused += 1
            assert account.ledger.path.read_bytes() == bytes(changed)
    assert refused == len(range(0, len(whole), 7))


def test_a_line_taken_out_is_noticed_by_the_one_behind_it(tmp_path: Path) -> None:
    account = Account(opened(tmp_path), PROMISE)
    for number in (1, 2, 3):
        account.charge(trained(number))
    lines = account.ledger.path.read_text().splitlines(keepends=True)
    account.ledger.path.write_text("".join(lines[:3] + lines[4:]))
    with pytest.raises(LedgerDamaged, match="does not follow"):
        account.ledger.read()


def test_nothing_is_entered_and_nothing_is_damaged_where_the_disk_takes_no_more(tmp_path: Path) -> None:
    account = Account(opened(tmp_path), PROMISE)
    account.charge(trained(1))
    before = account.ledger.path.read_bytes()
    process = multiprocessing.get_context("fork").Process(target=_charge_on_a_full_disk, args=(tmp_path, len(before)))
    process.start()
    process.join()
    assert process.exitcode == 7
    assert account.ledger.path.read_bytes() == before


def _charge_on_a_full_disk(folder: Path, size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, size + 40))
    try:
        _charge(folder, trained(2), None)
    except OSError:
        os._exit(7)


def test_a_node_stops_before_the_tasks_promise_would_be_exceeded_and_says_so(tmp_path: Path) -> None:
    account = Account(opened(tmp_path), Promise(Unit.PATIENT, 3.0, DELTA))
    count = spend_all(account)
    with pytest.raises(BudgetSpent, match=r"this task promises each patient epsilon 3 .* this node stops here"):
        account.charge(trained(count + 1))
    book = account.ledger.read()
    assert count == len(book.spendings) > 3
    assert book.spent(DELTA).epsilon <= 3.0 < book.spent(DELTA, None, [trained(100)]).epsilon


def test_a_second_task_on_the_same_data_needs_the_hospitals_word(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    one, two = (Account(ledger, Promise(Unit.PATIENT, 1.5, DELTA)) for _ in range(2))
    one.charge(trained(1, "one", 10.0, 1.0, 9))
    with pytest.raises(BudgetSpent, match="lifetime limit"):
        two.charge(trained(1, "two", 10.0, 1.0, 9))
    with ledger.held() as writer:
        writer.append(Limit(6.0, DELTA, "hospital"))
    two.charge(trained(1, "two", 10.0, 1.0, 9))
    assert [entry.task for entry in ledger.read().spendings] == ["one", "two"]


def test_a_request_that_is_repeated_is_spent_once(tmp_path: Path) -> None:
    account = Account(opened(tmp_path), PROMISE)
    for _ in range(3):
        account.charge(trained(1))
        account.charge(Scored("one", 1, "motion", 0.5))
    assert account.ledger.read().spendings == (trained(1), Scored("one", 1, "motion", 0.5))


def test_tasks_that_run_at_the_same_time_cannot_both_spend_the_last_of_it(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    with ledger.held() as writer:
        writer.append(Limit(3.0, DELTA, "hospital"))
    fork = multiprocessing.get_context("fork")
    entries = [trained(number, task, 10.0, 1.0, 9) for task in ("one", "two", "three") for number in range(1, 5)]
    processes = [fork.Process(target=_charge, args=(tmp_path, entry, None)) for entry in entries]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    book, succeeded = ledger.read(), sum(process.exitcode == 0 for process in processes)
    assert 0 < succeeded == len(book.spendings) < len(entries)
    assert book.spent(DELTA).epsilon <= 3.0 < book.spent(DELTA, None, entries[:1]).epsilon


def test_data_that_grew_by_a_reading_does_not_get_a_new_budget(tmp_path: Path) -> None:
    account = Account(opened(tmp_path), PROMISE)
    account.charge(trained(1))
    with pytest.raises(UnknownData):
        opened(tmp_path, OTHER)
    Ledgers(tmp_path).of(OTHER).create(OTHER, Unit.PATIENT, inherits=account.ledger.read())
    grown = opened(tmp_path, OTHER).read()
    assert (grown.spendings, grown.limit) == ((trained(1),), account.ledger.read().limit)


def test_an_error_that_reaches_the_coordinator_does_not_name_the_data(tmp_path: Path) -> None:
    Account(opened(tmp_path), PROMISE).charge(trained(1))
    with pytest.raises(UnknownData) as refused:
        opened(tmp_path, OTHER)
    assert not any(secret in str(refused.value) for secret in (DATA[:8], OTHER[:8], str(tmp_path)))


def test_a_ledger_counts_in_one_unit_only(tmp_path: Path) -> None:
    opened(tmp_path)
    with pytest.raises(PrivacyError, match="counts for each patient, asked for each record"):
        Ledgers(tmp_path).opened(DATA, Unit.RECORD)


def test_a_ledger_that_is_not_the_nodes_own_format_is_refused(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    content = json.loads(ledger.path.read_text())
    for text in (
        "[]\n",
        "{}\n",
        "\n",
        "null\n",
        '{"kind": "opened"}\n',
        json.dumps({**content, "kind": "limit"}) + "\n",
    ):
        ledger.path.write_text(text)
        with pytest.raises(LedgerDamaged):
            ledger.read()
