"""The artifacts that travel with the package are of these sources; `compile.mjs --check` compiles them again."""

import hashlib
import json
from pathlib import Path

import pytest

from fl_alliance.chain import artifacts
from fl_alliance.chain.errors import ArtifactMissing

CONTRACTS = Path(__file__).parents[2] / "chain" / "contracts"


def test_every_own_source_is_the_one_that_was_compiled() -> None:
    for name in (*artifacts.names(), "VrfHarness"):
        for unit, digest in artifacts.load(name).sources.items():
            if not unit.startswith("@"):
                assert hashlib.sha256((CONTRACTS / unit).read_bytes()).hexdigest() == digest, (name, unit)


def test_the_standard_input_of_a_contract_holds_exactly_its_sources() -> None:
    for name in artifacts.names():
        given = artifacts.standard_input(name)
        digests = {
            unit: hashlib.sha256(text["content"].encode()).hexdigest() for unit, text in given["sources"].items()
        }
        assert digests == artifacts.load(name).sources
        assert given["settings"] == artifacts.load(name).settings


def test_a_contract_that_was_never_compiled_is_named_in_the_error() -> None:
    with pytest.raises(ArtifactMissing, match="Nowhere"):
        artifacts.load("Nowhere")


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((CONTRACTS / "package-lock.json").read_text("utf-8"))
    assert not [path for path, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for path, package in lock["packages"].items() if path)
