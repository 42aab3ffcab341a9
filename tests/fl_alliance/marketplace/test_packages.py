"""What can be listed: an Arena winner, a run's model, an installed file; and what is loaded is what was listed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import market_folder
import numpy as np
import pytest

from fl_alliance import workloads
from fl_alliance.arena.store import open_store
from fl_alliance.chain.connect import connected
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.listings import Listing
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.config import load_config
from fl_alliance.job import run
from fl_alliance.market.keys import development_key
from fl_alliance.market.place import Place, place_of
from fl_alliance.marketplace.errors import ExtraMissing, PackageDamaged, SourceUnusable
from fl_alliance.marketplace.facilitator import Facilitator
from fl_alliance.marketplace.lineage import Lineage, lineage_of
from fl_alliance.marketplace.loading import Backend, card_of, seat_of
from fl_alliance.marketplace.packages import Package, package_of
from fl_alliance.marketplace.stall import Stall
from fl_alliance.marketplace.writers import LlamaCpp
from fl_alliance.models import load_model
from fl_alliance.records import RunFolder
from fl_alliance.strategies.digests import model_digest

RUN = ("rounds=1", "nodes=4", "workload=digits", "alliance.proposers=2", "alliance.voters=2", "baselines=false")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> "market_folder.MarketFolder":
    return market_folder.make_market(tmp_path_factory.mktemp("listed") / "market")


@contextmanager
def place_in(folder: "market_folder.MarketFolder") -> Iterator[Place]:
    with connected(f"file://{folder.root.resolve()}/chain.db") as w3:
        market = Deployment.load(folder.root / "market.json")
        yield place_of(w3, market, development_key(1), open_store(folder.root / "store"), folder.root / "state")


def listed(package: Package, place: Place) -> Listing:
    card, lineage = package.publish(place.store)
    return Listing(place.me, 0, 0, False, package.digest, card, lineage, package.source, package.task, 1, 0)


def test_an_arena_winner_is_listed_with_its_scores_and_answers_as_it_was_scored(
    folder: "market_folder.MarketFolder",
) -> None:
    with place_in(folder) as place:
        package = package_of("arena:1", place)
        assert package.content == folder.artifacts[market_folder.TRAINED.address]
        assert (package.source, package.task) == (place.market.arena, 1)
        listing = listed(package, place)
        found = lineage_of(place.store, listing)
        assert found.kind == "classify"
        assert found.story["node"] == market_folder.TRAINED.address
        assert found.story["scores"][0]["validator"] == market_folder.VALIDATOR.address
        assert "Submitted to an AI Arena task" in card_of(place.store, listing)
        engine = seat_of(place, listing, Backend()).engine
        digits = workloads.get("digits", hidden=4).load(0, 1, 0).test
        answer = engine.predict([row.tolist() for row in digits.x[:64]])  # type: ignore[union-attr]
        right = np.mean(np.array(answer["classes"]) == digits.y[:64])
        assert right > 0.5
        assert all(abs(sum(row) - 1) < 1e-4 for row in answer["probabilities"])


def test_what_is_not_over_or_not_there_cannot_be_listed(folder: "market_folder.MarketFolder", tmp_path: Path) -> None:
    with place_in(folder) as place:
        for source, why in (
            ("arena:9", "no task 9"),
            ("arena:x", "needs arena:TASK"),
            ("models/best", "needs arena:TASK"),
            (f"run:{tmp_path}", "the folder of a run that has ended"),
        ):
            with pytest.raises(Exception, match=why) as refused:
                package_of(source, place)
            assert type(refused.value).__module__.startswith("fl_alliance.market")


def test_a_models_bytes_its_lineage_and_its_card_are_held_to_their_digests(
    folder: "market_folder.MarketFolder",
) -> None:
    with place_in(folder) as place:
        listing = listed(package_of("arena:1", place), place)
        with pytest.raises(PackageDamaged):
            seat_of(place, replace(listing, digest=bytes(32)), Backend())
        with pytest.raises(PackageDamaged, match="lineage"):
            seat_of(place, replace(listing, lineage=listing.card), Backend())
        with pytest.raises(PackageDamaged):
            card_of(place.store, replace(listing, card=bytes(32)))
        other = Lineage("tabular", {"workload": "glucose", "options": {}}, "x", "", {})
        swapped = replace(listing, lineage=place.store.put(other.encode()).digest)
        with pytest.raises(PackageDamaged):  # a model of digits as one of glucose
            seat_of(place, swapped, Backend())
        foreign = Lineage("tabular", {"workload": "os:system", "options": {}}, "x", "", {})
        with pytest.raises(PackageDamaged, match="workload"):
            seat_of(place, replace(listing, lineage=place.store.put(foreign.encode()).digest), Backend())
        for text in (b"{", b"[]", b'{"format": 2}', foreign.encode().replace(b"title", b"name")):
            with pytest.raises(PackageDamaged):
                Lineage.decode(text)


def test_a_runs_final_model_is_the_one_that_the_chain_adopted(
    folder: "market_folder.MarketFolder", tmp_path: Path
) -> None:
    found = RunFolder(tmp_path / "run")
    found.root.mkdir()
    run(load_config(list(RUN)), found, listener=lambda _: None, overrides=list(RUN))
    with place_in(folder) as place:
        package = package_of(f"run:{found.root}", place)
        assert (package.source, package.task) == (ZERO_ADDRESS, 0)  # its chain is its own
        listing = listed(package, place)
        table = seat_of(place, listing, Backend()).engine
        arrays = load_model(found.model)
        assert model_digest(arrays).hex() == lineage_of(place.store, listing).story["model"].removeprefix("0x")
        rows = workloads.get("digits").load(0, 1, 0).test.x[:8]
        expected = workloads.get("digits").outputs(arrays, rows).argmax(axis=1)  # type: ignore[attr-defined]
        assert table.predict([row.tolist() for row in rows])["classes"] == expected.tolist()  # type: ignore[union-attr]
        found.model.unlink()
        with pytest.raises(SourceUnusable):
            package_of(f"run:{found.root}", place)


def test_what_needs_the_extra_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in ("xllamacpp", "x402.mechanisms.evm.exact.facilitator"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ExtraMissing, match=r"xllamacpp; needed: pip install 'fl-alliance\[market\]'"):
        LlamaCpp(tmp_path / "model.gguf")
    with pytest.raises(ExtraMissing, match="x402"):
        Facilitator(cast(Stall, None))
