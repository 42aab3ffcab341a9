"""How requests, keys and reveals travel and are kept: nothing is lost, and nothing else is taken for one."""

from collections.abc import Callable
from typing import Any

import pytest
from flwr.app import ConfigRecord
from hypothesis import given
from hypothesis import strategies as st
from masked_group import Round

from fl_alliance.strategies.errors import BadReply
from fl_alliance.strategies.masking import records
from fl_alliance.strategies.masking.records import Request
from fl_alliance.strategies.masking.transcript import Transcript, from_json, to_json

THERE = Round()
ADVERTS = THERE.adverts()
SEALED = THERE.hidden(ADVERTS)[1]
SURVIVORS = (0, 1, 3)
REVEALS = THERE.reveals(ADVERTS, SURVIVORS, SEALED)
AGREEMENTS = THERE.agreements(ADVERTS, SURVIVORS)
WHOLE = Request(THERE.seed, THERE.draw.members, ADVERTS, SURVIVORS, {1: SEALED[1][0], 3: SEALED[3][0]}, AGREEMENTS)


def test_a_request_arrives_as_it_was_sent() -> None:
    for request in (WHOLE, Request(THERE.seed, THERE.draw.members)):
        assert records.read_request(records.request_record(request)) == request
    assert WHOLE.missing == (2,)


def test_a_key_and_a_reveal_arrive_as_they_were_sent() -> None:
    assert records.read_advert(records.advert_record(ADVERTS[1])) == ADVERTS[1]
    assert records.read_reveal(records.reveal_record(REVEALS[0]), [1, 3], [2]) == REVEALS[0]
    record = ConfigRecord(dict(records.sealed_fields(SEALED[0])))
    assert records.read_sealed(record, [1, 2, 3]) == SEALED[0]


CHANGES: list[Callable[[ConfigRecord], Any]] = [
    lambda record: record.pop("seed"),
    lambda record: record.update(seed=b"short"),
    lambda record: record.update(members=[0, 1, 2]),
    lambda record: record.update(members=[1, 0, 2, 3]),
    lambda record: record.update(members=[-1, 0, 2, 3]),
    lambda record: record.update(addresses=["0x12"] * 4),
    lambda record: record.update(addresses=["zz"] * 4),
    lambda record: record.update(addresses=[1, 2, 3, 4]),
    lambda record: record.update(keys=b""),
    lambda record: record.update(present=[0]),
    lambda record: record.update(survivors="0,1,3"),
    lambda record: record.update(sealed=bytes(47)),
    lambda record: record.update(agreed=[0]),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_request_that_does_not_fit_together_is_refused(change: Callable[[ConfigRecord], Any]) -> None:
    record = records.request_record(WHOLE)
    change(record)
    with pytest.raises(BadReply):
        records.read_request(record)


@given(st.dictionaries(st.sampled_from(["shares", "seeds", "signature"]), st.binary(max_size=130)))
def test_a_reveal_of_another_length_is_refused(fields: dict[str, bytes]) -> None:
    lengths = {name: len(data) for name, data in fields.items()}
    if lengths == {"shares": 64, "seeds": 32, "signature": 64}:
        return
    with pytest.raises(BadReply):
        records.read_reveal(ConfigRecord(dict(fields)), [1, 3], [2])


def test_a_transcript_is_kept_to_the_last_bit() -> None:
    transcript = Transcript(ADVERTS, SEALED, AGREEMENTS, REVEALS)
    assert from_json(to_json(transcript)) == transcript
    assert to_json(from_json(to_json(transcript))) == to_json(transcript)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"adverts": 3}', to_json(Transcript())[:-1], to_json(Transcript(ADVERTS))[:-40] + "}"]
)
def test_what_is_no_transcript_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_json(text)
