"""A store on a server that hangs up on who is silent: one step fails, and the next goes on with a new connection."""

import time
from pathlib import Path

import pytest
from ftp_server import OPTIONS, served

from fl_alliance.arena.errors import ContentMissing
from fl_alliance.arena.patience import NO_ANSWER
from fl_alliance.arena.store import name_content, open_store

pytest.importorskip("pyftpdlib")
MODEL, OTHER = b"a model" * 1000, b"another model"


def test_a_store_on_a_server_keeps_what_is_put_there_and_names_what_is_not(tmp_path: Path) -> None:
    with served(tmp_path) as url:
        store = open_store(url, OPTIONS)
        content = store.put(MODEL)
        assert open_store(url, OPTIONS).get(content.digest) == MODEL
        assert list(store) == [content.digest]
        assert open_store(tmp_path / "models").get(content.digest) == MODEL
        with pytest.raises(ContentMissing):
            store.get(name_content(OTHER).digest)


def test_a_server_that_hung_up_is_connected_to_again(tmp_path: Path) -> None:
    with served(tmp_path, hangs_up_s=1) as url:
        store = open_store(url, OPTIONS)
        content = store.put(MODEL)
        for step in (lambda: store.get(content.digest), lambda: store.put(OTHER), lambda: list(store)):
            time.sleep(2)
            with pytest.raises(NO_ANSWER):
                step()
            step()
        assert store.get(name_content(OTHER).digest) == OTHER


def test_a_server_that_is_away_for_a_while_is_found_again(tmp_path: Path) -> None:
    with served(tmp_path, hangs_up_s=1) as url:
        store = open_store(url, OPTIONS)
        store.put(MODEL)
    for _ in range(2):
        with pytest.raises(NO_ANSWER):
            store.put(OTHER)
    place = store.place
    assert "127.0.0.1" in place
    assert OPTIONS["password"] not in place
