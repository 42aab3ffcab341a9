"""Each custom error of each contract has a class, and each class an error."""

import pickle

import pytest

from fl_alliance.chain import (
    alliance_refusals,
    artifacts,
    dao_refusals,
    evidence_refusals,
    market_refusals,
    marketplace_refusals,
    refusals,
    site_refusals,
)
from fl_alliance.chain.alliance_refusals import TooEarly, WrongBallot, WrongPhase
from fl_alliance.chain.codec import interface
from fl_alliance.chain.dao_refusals import AlreadyProposing, AlreadyVoted, GovernorUnexpectedProposalState
from fl_alliance.chain.errors import TransactionReverted
from fl_alliance.chain.refusals import Refused
from fl_alliance.chain.reverts import custom_errors, error_class, explained
from fl_alliance.chain.types import Phase

KINDS = (
    refusals,
    alliance_refusals,
    market_refusals,
    site_refusals,
    evidence_refusals,
    dao_refusals,
    marketplace_refusals,
)
FOUND = [kind for module in KINDS for kind in vars(module).values()]
CLASSES = [kind for kind in FOUND if isinstance(kind, type) and issubclass(kind, Refused)]
ERRORS = custom_errors().values()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.name)
def test_each_custom_error_has_a_class_with_its_fields(error: object) -> None:
    assert error.fields == error_class(error.name).FIELDS  # type: ignore[attr-defined]


def test_each_class_is_an_error_of_a_contract() -> None:
    assert {kind.__name__ for kind in CLASSES} - {"Refused"} == {error.name for error in ERRORS}


def test_no_two_contracts_give_one_name_to_different_errors() -> None:
    assert len({error.name for error in ERRORS}) == len(ERRORS)


def test_every_contract_of_the_package_is_covered() -> None:
    assert all(interface(name).errors.keys() <= custom_errors().keys() for name in artifacts.names())


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_each_error_says_its_values_in_words_and_travels(kind: type[Refused]) -> None:
    error = kind(*range(11, 11 + len(kind.FIELDS)), call="start", data=b"\x01")
    read = {name: kind.READ[name](value) if name in kind.READ else value for name, value in error.values.items()}
    assert all(str(value) in str(error) for value in read.values())
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(twin), twin.values, twin.call, twin.data) == (kind, error.values, "start", b"\x01")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (WrongPhase(3, Phase.LOCKED), "task 3: not possible in phase locked"),
        (WrongPhase(3, 77), "task 3: not possible in phase 77"),
        (AlreadyVoted("0xAb", 5), "0xAb has cast its ballot of week 6"),
        (AlreadyProposing("0xAb", 2**255), "0xAb has proposal 0x80000000..., which is not decided"),
        (
            GovernorUnexpectedProposalState(2**255, 4, (1 << 1 | 1 << 5).to_bytes(32)),
            "proposal 0x80000000... is succeeded, needed active or queued",
        ),
        (GovernorUnexpectedProposalState(1, 0, bytes(32)), "is pending, needed another text, or other calls"),
    ],
)
def test_what_a_figure_stands_for_is_said_in_words(error: Refused, said: str) -> None:
    assert said in str(error)


def test_revert_data_becomes_the_errors_class_with_its_values() -> None:
    selector = next(selector for selector, error in custom_errors().items() if error.name == "TooEarly")
    data = selector + b"".join(value.to_bytes(32, "big") for value in (7, 100, 160))
    error = explained(TransactionReverted("settle", "", data), "settle")
    assert isinstance(error, TooEarly)
    assert error.values == {"task": 7, "nowAt": 100, "from": 160}
    assert str(error) == "settle: reverted: TooEarly: task 7: at second 100, possible from 160 on"


def test_bytes_are_shown_in_hex() -> None:
    assert "ab" * 24 in str(WrongBallot(1, b"\xab" * 24, b"\xcd" * 24))


def test_texts_panics_and_unknown_data_stay_reverts() -> None:
    text = bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + (2).to_bytes(32, "big") + b"no".ljust(32, b"\0")
    assert "no" in explained(TransactionReverted("x", "", text), "x").reason
    panic = bytes.fromhex("4e487b71") + (0x11).to_bytes(32, "big")
    assert explained(TransactionReverted("x", "", panic), "x").reason == "panic 0x11"
    assert explained(TransactionReverted("x", "why", b"\x01\x02\x03\x04"), "x").reason == "why"
