"""A store returns what has the digest that was asked for, or says why not."""

import hashlib
import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fl_alliance.arena import files
from fl_alliance.arena.cids import content_cid
from fl_alliance.arena.errors import (
    ContentDamaged,
    ContentMissing,
    ContentTooLarge,
    DigestUnusable,
    ExtraMissing,
    StoreUrlUnusable,
)
from fl_alliance.arena.store import Store, open_store

MODEL = b"a model" * 1000


@pytest.fixture(params=["folder", "file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store in a folder, in the same by URL, and in a place that only fsspec reaches."""
    url = {"folder": str(tmp_path), "file": f"file://{tmp_path}", "memory": f"memory://{tmp_path}"}[request.param]
    return open_store(url)


@pytest.fixture
def folder_store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


def path_of(root: Path, data: bytes) -> Path:
    name = hashlib.sha256(data).hexdigest()
    return root / "store" / name[:2] / name


def test_what_was_put_is_got_by_its_digest(store: Store) -> None:
    content = store.put(MODEL)
    assert content.digest == hashlib.sha256(MODEL).digest()
    assert content.cid == content_cid(MODEL)
    assert content.size == 7000
    assert store.get(content.digest) == MODEL
    assert store.verify(content.digest) == content
    assert content.digest in store


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(st.binary(max_size=300), unique=True, max_size=5))
def test_any_contents_live_side_by_side(store: Store, contents: list[bytes]) -> None:
    kept = [store.put(data) for data in contents]
    assert [store.get(content.digest) for content in kept] == contents
    assert {content.digest for content in kept} <= set(store)
    assert list(store) == sorted(store)


def test_what_is_not_there_is_named(store: Store) -> None:
    digest = hashlib.sha256(b"nobody put this").digest()
    assert digest not in store
    with pytest.raises(ContentMissing, match=digest.hex()):
        store.get(digest)


def test_a_digest_of_another_length_is_refused(store: Store) -> None:
    with pytest.raises(DigestUnusable, match="found 31 bytes"):
        store.get(bytes(31))


def test_no_more_is_read_than_the_caller_allows(store: Store) -> None:
    digest = store.put(MODEL).digest
    assert store.get(digest, most=7000) == MODEL
    with pytest.raises(ContentTooLarge, match="6999 bytes allowed"):
        store.get(digest, most=6999)


def test_a_damaged_content_is_refused_and_mended_by_putting_it_again(folder_store: Store, tmp_path: Path) -> None:
    digest = folder_store.put(MODEL).digest
    path_of(tmp_path, MODEL).write_bytes(b"b" + MODEL[1:])
    with pytest.raises(ContentDamaged, match="7000 bytes of digest"):
        folder_store.get(digest)
    folder_store.put(MODEL)
    assert folder_store.get(digest) == MODEL


@pytest.mark.parametrize("target", ["/etc/hostname", "/dev/zero", "nowhere"])
def test_a_symbolic_link_in_the_store_is_not_followed(folder_store: Store, tmp_path: Path, target: str) -> None:
    path = path_of(tmp_path, MODEL)
    path.parent.mkdir(parents=True)
    path.symlink_to(target)
    with pytest.raises(ContentMissing):
        folder_store.get(hashlib.sha256(MODEL).digest())
    folder_store.put(MODEL)
    assert not path.is_symlink()
    assert path.read_bytes() == MODEL


def test_a_pipe_in_the_store_does_not_hang_the_reader(folder_store: Store, tmp_path: Path) -> None:
    path = path_of(tmp_path, MODEL)
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    with pytest.raises(ContentMissing):
        folder_store.get(hashlib.sha256(MODEL).digest())


def test_a_write_that_fails_half_way_leaves_nothing(
    folder_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        folder_store.put(MODEL)
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_an_unfinished_write_of_a_killed_process_is_not_taken_for_content(folder_store: Store, tmp_path: Path) -> None:
    digest = folder_store.put(MODEL).digest
    (path_of(tmp_path, MODEL).parent / f"{digest.hex()}.x1y2.part").write_bytes(b"half")
    assert list(folder_store) == [digest]


def test_many_writers_of_one_content_and_their_readers_never_meet_half_of_it(folder_store: Store) -> None:
    digest = folder_store.put(MODEL).digest
    seen: list[bytes] = []

    def write_and_read() -> None:
        for _ in range(20):
            folder_store.put(MODEL)
            seen.append(folder_store.get(digest))

    threads = [threading.Thread(target=write_and_read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [MODEL] * 80


def test_a_url_without_fsspec_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ExtraMissing, match=r"pip install 'fl-alliance\[arena\]'"):
        open_store("memory://models")


def test_a_folder_needs_no_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    store = open_store(tmp_path)
    assert store.get(store.put(MODEL).digest) == MODEL


def test_an_unknown_scheme_is_refused_without_repeating_a_password() -> None:
    with pytest.raises(StoreUrlUnusable, match="nosuch://host/models: found an unknown scheme") as refused:
        open_store("nosuch://user:hunter2@host/models?signature=hunter2")
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
