"""A site's policy says how much privacy a task must promise, and what all tasks together may spend of its patients'."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("opacus")

from policed import HERE, KEY, Hospital, assert_refused

from fl_alliance import client_app
from fl_alliance.deployment.signer import SignerService
from fl_alliance.dp.ceiling import BY_POLICY, under
from fl_alliance.dp.entries import HOSPITAL, Limit
from fl_alliance.dp.hospital import hospital_ledgers
from fl_alliance.dp.ledger import Book, Ledger
from fl_alliance.dp.ledgers import Ledgers
from fl_alliance.site.reasons import Reason

SMALL = "workload=glucose workload.options.hidden=4 nodes=4 alliance.proposers=2 alliance.voters=2"
PRIVATE = f"{SMALL} rule=candidates rule.reward=stake rule.score_epsilon=1 rounds=2 dp=patient dp.epsilon=3 dp.rounds=2"
GREEDY = PRIVATE.replace("dp.epsilon=3", "dp.epsilon=100")
ASKS = {"unit": "patient", "delta": "1e-5", "score_epsilon": "1"}


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    here = Hospital(tmp_path)
    here.says("numbers: [1]", "numbers: any")
    with SignerService(KEY, here.home):
        yield here


def asks(hospital: Hospital, **changes: str) -> None:
    for name, value in (ASKS | changes).items():
        hospital.says(f"\n  {name}: any", f"\n  {name}: {value}")


def ledger(hospital: Hospital) -> Ledger:
    (found,) = Ledgers(hospital_ledgers(hospital.home, KEY.address))
    return found


def spendings(hospital: Hospital) -> Book:
    return ledger(hospital).read()


def begun_again() -> None:
    """Forget what a process of the node keeps in its memory."""
    for kept in (client_app._load_config, client_app._load_site, client_app._load_node, client_app._load_ballots):
        kept.cache_clear()


@pytest.mark.parametrize(
    ("settings", "changes", "reason"),
    [
        (PRIVATE.replace("dp=patient", "dp=record"), {}, Reason.UNIT),
        (PRIVATE.replace(" dp=patient dp.epsilon=3 dp.rounds=2", ""), {}, Reason.UNIT),
        (PRIVATE, {"epsilon": "4.9"}, Reason.PROMISE),
        (PRIVATE + " dp.delta=1e-4", {}, Reason.PROMISE),
        (PRIVATE, {"masks": "yes"}, Reason.MASKS),
        (PRIVATE, {"score_epsilon": "0.5"}, Reason.SCORES),
        (PRIVATE.replace("rule.score_epsilon=1", ""), {}, Reason.SCORES),
    ],
)
def test_a_task_that_promises_less_than_the_policy_asks_is_not_even_joined(
    hospital: Hospital, settings: str, changes: dict[str, str], reason: Reason
) -> None:
    asks(hospital, **changes)
    hospital.settle(settings)
    assert_refused(hospital.joined(), hospital, reason)
    assert_refused(hospital.trained(), hospital, reason)
    assert_refused(hospital.voted_among(), hospital, reason)
    assert not list(Ledgers(hospital_ledgers(hospital.home, KEY.address)))


def test_a_task_that_promises_as_much_is_joined(hospital: Hospital) -> None:
    asks(hospital, epsilon="5")  # 3 of training and 2 rounds of votes
    hospital.settle(PRIVATE)
    assert not hospital.joined().has_error()


@pytest.mark.parametrize(("least", "is_enough"), [(4, True), (50, False)])
def test_patients_count_and_not_their_windows(hospital: Hospital, least: int, is_enough: bool) -> None:
    hospital.settle(PRIVATE)
    asks(hospital)
    hospital.says("patients: 0", f"patients: {least}")
    if is_enough:
        assert not hospital.voted_among().has_error()
    else:
        assert_refused(hospital.voted_among(), hospital, Reason.PATIENTS)
        assert_refused(hospital.trained(), hospital, Reason.PATIENTS)


def test_no_coordinator_spends_more_than_the_policy_lets_over_tasks_and_restarts(hospital: Hospital) -> None:
    asks(hospital, lifetime_epsilon="4")
    hospital.settle(PRIVATE)
    for number in (1, 2):
        assert not hospital.trained(place=replace(HERE, round=number)).has_error()
    assert not hospital.voted_among(place=replace(HERE, round=2)).has_error()
    book = spendings(hospital)
    assert book.limit == Limit(4.0, 1e-5, BY_POLICY)
    assert 3.9 < book.spent(1e-5).epsilon <= 4.0
    again = hospital.voted_among(place=replace(HERE, round=2))
    assert not again.has_error(), "what was said before is said again"

    before = ledger(hospital).path.read_bytes()
    assert_refused(hospital.voted_among(move=0.2, place=replace(HERE, round=2)), hospital, Reason.BUDGET)
    begun_again()
    hospital.home = hospital.home.with_name("other")
    hospital.home.mkdir()
    (hospital.home / "members").write_text("4")
    hospital.settle(GREEDY, task=2)
    with SignerService(KEY, hospital.home):
        second = replace(HERE, task=2)
        assert_refused(hospital.trained(place=second), hospital, Reason.BUDGET)
        assert_refused(hospital.voted_among(place=second), hospital, Reason.BUDGET)
        assert ledger(hospital).path.read_bytes() == before
        hospital.says("lifetime_epsilon: 4", "lifetime_epsilon: 6")
        assert not hospital.voted_among(place=second).has_error(), "the policy is the hospital's word"
        assert spendings(hospital).limit == Limit(6.0, 1e-5, BY_POLICY)


def test_a_limit_that_the_hospital_set_itself_holds_beside_the_policys(hospital: Hospital) -> None:
    asks(hospital, lifetime_epsilon="9")
    hospital.settle(PRIVATE)
    assert not hospital.voted_among().has_error()
    with ledger(hospital).held() as writer:
        writer.append(Limit(1.5, 1e-5, HOSPITAL))
    assert_refused(hospital.voted_among(place=replace(HERE, round=2)), hospital, Reason.BUDGET)
    with ledger(hospital).held() as writer:
        writer.append(Limit(50.0, 1e-5, HOSPITAL))
    hospital.says("lifetime_epsilon: 9", "lifetime_epsilon: 1.5")
    assert_refused(hospital.voted_among(place=replace(HERE, round=2)), hospital, Reason.BUDGET)
    assert spendings(hospital).limit == Limit(50.0, 1e-5, HOSPITAL)


def test_a_policys_limit_holds_for_its_own_message_alone() -> None:
    from fl_alliance.dp.ceiling import ceiling

    with under(4.0, 1e-5):
        assert ceiling() == Limit(4.0, 1e-5, BY_POLICY)
        with under(None, 1e-5):
            assert ceiling() is None
    assert ceiling() is None
