"""What a demonstration is asked for: NAME=VALUE words, and the folder it leaves everything in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fl_alliance.folders import FolderError
from fl_alliance.market.config import BASES
from fl_alliance.market.errors import SettingRefused
from fl_alliance.market.kinds import CLASSIFY, KINDS, LM

FOLDERS = Path("markets")
CONFIG = "demo.yaml"
_MOST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """The settings: the kind, the base model of `lm-lora`, and the seed, 0 to 2^31 - 1, that decides everything."""

    kind: str = CLASSIFY
    base: str = "tiny"
    seed: int = 0

    @property
    def words(self) -> list[str]:
        """The same as NAME=VALUE."""
        base = [f"base={self.base}"] if self.kind == LM else []
        return [f"kind={self.kind}", *base, f"seed={self.seed}"]

    def to_yaml(self) -> str:
        """Return the settings as a file."""
        return "".join(f"{name}: {value}\n" for name, _, value in (word.partition("=") for word in self.words))


def read_words(words: Sequence[str]) -> Asked:
    """Return what NAME=VALUE words ask for; raises `SettingRefused`."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in ("kind", "base", "seed"):
            raise SettingRefused(f"{word!r}: needs kind=KIND, base=MODEL or seed=NUMBER")
        found[name] = value
    kind, base, seed = found.get("kind", CLASSIFY), found.get("base"), found.get("seed", "0")
    if kind not in KINDS:
        raise SettingRefused(f"kind={kind}: needs one of {', '.join(KINDS)}")
    if base is not None and (kind != LM or base not in BASES):
        raise SettingRefused(f"base={base}: needs kind={LM} and one of {', '.join(BASES)}")
    if not (seed.isascii() and seed.isdigit()) or int(seed) > _MOST_SEED:
        raise SettingRefused(f"seed={seed}: needs a whole number, 0 to {_MOST_SEED}")
    return Asked(kind, base or "tiny", int(seed))


def new_folder(name: str | None) -> Path:
    """Make a demonstration's folder; raises `FolderError` where there is something in it."""
    root = Path(name) if name is not None else _free(FOLDERS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-demo")
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise FolderError(f"{root}: is in use; needed a new or empty folder")
    root.mkdir(parents=True, exist_ok=True)
    return root


def _free(base: Path) -> Path:
    root, number = base, 2
    while root.exists():
        root, number = base.with_name(f"{base.name}-{number}"), number + 1
    return root
