"""The digest of the code that a task runs: it is pinned on chain, so every site can compare it with its own."""

import hashlib
from functools import cache
from pathlib import Path

import fl_alliance
from fl_alliance import chain, strategies

_SUFFIXES = (".py", ".json", ".yaml")


@cache
def code_digest() -> bytes:
    """Return sha256 over the name and content of every source file, contract artifact and configuration file.

    The same sources give the same digest from a checkout and from an installed package.
    """
    import fl_alliance.conf as conf

    parts = {"fl_alliance": fl_alliance, "chain": chain, "strategies": strategies, "conf": conf}
    sha = hashlib.sha256(b"fl-alliance/code/1")
    for name, package in parts.items():
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*")):
            relative = path.relative_to(root)
            if path.suffix not in _SUFFIXES or not path.is_file() or _belongs_elsewhere(name, relative):
                continue
            content = path.read_bytes()
            for part in (f"{name}/{relative.as_posix()}".encode(), content):
                sha.update(len(part).to_bytes(8, "big") + part)
    return sha.digest()


def _belongs_elsewhere(name: str, relative: Path) -> bool:
    """Return whether a file is under another part too, as in a wheel, or travels nowhere.

    The contracts' sources are in their artifacts; harnesses are for tests alone.
    """
    if name == "fl_alliance":
        return relative.parts[0] in ("chain", "strategies", "conf", "arena")
    return name == "chain" and (relative.parts[0] == "contracts" or "harness" in relative.parts)
