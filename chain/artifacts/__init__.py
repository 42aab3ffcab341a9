"""The compiled contracts that travel with this package.

`chain/contracts/compile.mjs` writes them; nobody who only runs the project needs a compiler.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from fl_alliance.chain.errors import ArtifactMissing

_STANDARD_INPUT = "standard-input.json"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract, in the terms of solc's standard JSON.

    Parameters
    ----------
    bytecode, deployed_bytecode
        Hexadecimal with 0x. Where `link_references` is not empty, a library's address belongs in the named places.
    link_references, deployed_link_references
        source unit -> library -> list of {"start", "length"}, in bytes of the code.
    immutable_references
        identifier -> list of {"start", "length"}: the bytes of `deployed_bytecode` that a constructor fills in.
    sources
        source unit -> sha256 of its text, for every source that was compiled into this contract.
    """

    name: str
    source_name: str
    compiler: str
    settings: dict[str, Any]
    sources: dict[str, str]
    abi: list[dict[str, Any]]
    bytecode: str
    deployed_bytecode: str
    link_references: dict[str, dict[str, list[dict[str, int]]]]
    deployed_link_references: dict[str, dict[str, list[dict[str, int]]]]
    immutable_references: dict[str, list[dict[str, int]]]


def _folder() -> Traversable:
    return files("fl_alliance.chain.artifacts")


@cache
def load(name: str) -> Artifact:
    """Return the artifact of contract `name`; a test harness is found only in a checkout.

    Raises
    ------
    ArtifactMissing
        No contract of that name was compiled.
    """
    for path in (_folder() / f"{name}.json", _folder() / "harness" / f"{name}.json"):
        if path.is_file():
            return _parse(json.loads(path.read_text("utf-8")))
    raise ArtifactMissing(name, names())


def names() -> tuple[str, ...]:
    """Return the names of the deployable contracts, sorted, without the tests' harnesses."""
    found = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name[:-5] for name in found if name.endswith(".json") and name != _STANDARD_INPUT))


def standard_input(name: str) -> dict[str, Any]:
    """Return what an explorer needs to verify contract `name`: the exact standard-JSON input that produced it."""
    shared: dict[str, Any] = json.loads((_folder() / _STANDARD_INPUT).read_text("utf-8"))
    return shared | {"sources": {unit: shared["sources"][unit] for unit in load(name).sources}}


def sources_digest() -> str:
    """Return the sha256 (hexadecimal) of all sources and settings of the deployable contracts."""
    return hashlib.sha256((_folder() / _STANDARD_INPUT).read_bytes()).hexdigest()


def _parse(raw: dict[str, Any]) -> Artifact:
    return Artifact(
        name=raw["contractName"],
        source_name=raw["sourceName"],
        compiler=raw["compiler"],
        settings=raw["settings"],
        sources=raw["sources"],
        abi=raw["abi"],
        bytecode=raw["bytecode"],
        deployed_bytecode=raw["deployedBytecode"],
        link_references=raw["linkReferences"],
        deployed_link_references=raw["deployedLinkReferences"],
        immutable_references=raw["immutableReferences"],
    )
