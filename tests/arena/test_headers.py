"""The header reader takes what the safetensors package writes, and nothing that is not true of the bytes."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from fl_alliance.arena.errors import NotSafetensors, SubmissionRefused, SubmissionTooLarge
from fl_alliance.arena.headers import MAX_HEADER_BYTES, MAX_TENSORS, read_header
from fl_alliance.arena.tensors import read_arrays


def with_header(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(dtype: str = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@given(
    shapes=st.dictionaries(st.text(max_size=8).filter(lambda name: name != "__metadata__"),
                           st.lists(st.integers(0, 4), max_size=3).map(tuple), max_size=5),
    dtype=st.sampled_from([np.float16, np.float32, np.float64]),
    metadata=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)  # fmt: skip
def test_it_reads_what_the_safetensors_package_wrote(
    shapes: dict[str, tuple[int, ...]], dtype: type, metadata: dict[str, str]
) -> None:
    arrays = {
        name: np.asarray(np.arange(np.prod(shape)).reshape(shape) + at, dtype=dtype)
        for at, (name, shape) in enumerate(shapes.items())
    }
    blob = save(arrays, metadata=metadata or None)
    header = read_header(blob)
    assert dict(header.metadata) == metadata
    read = read_arrays(blob, header, shapes)
    theirs = load(blob)
    assert set(read) == set(theirs)
    for name, array in read.items():
        np.testing.assert_array_equal(array, theirs[name].astype(np.float32))


@given(at=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_changed_byte_gives_a_file_that_is_refused_or_whose_header_is_true(at: int, value: int) -> None:
    blob = bytearray(save({"a": np.ones((2, 3), np.float32), "b": np.ones(5, np.float32)}, metadata={"k": "v"}))
    blob[at % len(blob)] = value
    try:
        header = read_header(bytes(blob))
    except SubmissionRefused:
        return
    assert max(tensor.end for tensor in header.tensors.values()) == len(blob)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(blob: bytes) -> None:
    with pytest.raises(SubmissionRefused):
        read_header(blob)


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        (b"", "0 bytes"),
        (b"1234567", "7 bytes"),
        (with_header({"a": entry()}, bytes(4), length=10**6), "truncated"),
        (with_header({"a": entry()}, bytes(3)), "truncated"),
        (with_header({"a": entry()}, bytes(5)), "more bytes than its tensors"),
        (with_header({"a": entry(offsets=(0, 8))}, bytes(8)), "in 8 bytes; its shape and type make 4"),
        (with_header({"a": entry(offsets=(4, 8))}, bytes(8)), "after a tensor that ends at"),
        (with_header({"a": entry(), "b": entry()}, bytes(4)), "after a tensor that ends at"),
        (with_header({"a": entry(offsets=(8, 4))}, bytes(8)), "-4 bytes"),
        (with_header({"a": entry(offsets=(-4, 0))}), "not two whole numbers"),
        (with_header({"a": entry(offsets=(0, 4, 8))}), "not two whole numbers"),
        (with_header({"a": entry(shape=(True,))}, bytes(4)), "whole numbers"),
        (with_header({"a": entry(shape=(1.0,))}, bytes(4)), "whole numbers"),
        (with_header({"a": entry(shape=(-1,))}, bytes(4)), "whole numbers"),
        (with_header({"a": entry(shape=[1] * 9)}, bytes(4)), "whole numbers"),
        (with_header({"a": entry(shape=(2**62, 2**62))}, bytes(4)), "in 4 bytes"),
        (with_header({"a": entry(dtype="I64", offsets=(0, 8))}, bytes(8)), "of type 'I64'"),
        (with_header({"a": {**entry(), "code": "x"}}, bytes(4)), "without exactly"),
        (with_header({"a": [1]}), "without exactly"),
        (with_header({"__metadata__": {"k": 1}}), "metadata that are not texts"),
        (with_header({"__metadata__": "k"}), "metadata that are not texts"),
        (with_header(b'{"a": NaN}'), "no JSON"),
        (with_header(b'{"a": 1, "a": 2}'), "occurs twice"),
        (with_header(b'{"\xff": 1}'), "no JSON"),
        (with_header(b'{"a": ' + b"9" * 5000 + b"}"), "no JSON"),
        (with_header(b'{"a":' + b"[" * 100_000), "nested too deeply"),
        (with_header(b'{"a": 1'), "no JSON"),
    ],
)  # fmt: skip
def test_a_header_that_is_not_true_is_refused(blob: bytes, words: str) -> None:
    with pytest.raises(NotSafetensors, match=words):
        read_header(blob)


def test_a_header_of_a_claimed_exabyte_is_refused_by_its_number() -> None:
    with pytest.raises(SubmissionTooLarge, match=f"header bytes; needed at most {MAX_HEADER_BYTES}"):
        read_header(with_header({"a": entry()}, length=2**60))


def test_more_tensors_than_any_model_has_are_refused() -> None:
    header = {f"t{at}": entry(shape=(0,), offsets=(0, 0)) for at in range(MAX_TENSORS + 1)}
    with pytest.raises(SubmissionTooLarge, match=f"{MAX_TENSORS + 1} tensors"):
        read_header(with_header(header))


def test_a_hostile_name_cannot_write_to_the_terminal() -> None:
    with pytest.raises(NotSafetensors) as refused:
        read_header(with_header({"\x1b[2J\n" + "x" * 1000: 5}))
    assert "\x1b" not in str(refused.value)
    assert len(str(refused.value)) < 300
