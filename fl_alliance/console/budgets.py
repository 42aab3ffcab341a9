"""What a run's sites have spent of their privacy budgets, added up anew only where a ledger has grown."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fl_alliance.dp.standing import Standing

_added: dict[Path, tuple[tuple[int, int], "Budget"]] = {}


@dataclass(frozen=True, slots=True)
class Budget:
    """A site's privacy ledger: where it stands, or why that cannot be told."""

    site: str
    standing: "Standing | None"
    trouble: str = ""


def budgets_of(folder: Path) -> list[Budget]:
    """Return the ledgers under a run's folder, each by its site's; empty where it trained without any."""
    paths = sorted(folder.rglob("*.jsonl")) if folder.is_dir() else []
    return [_budget(path) for path in paths]


def _budget(path: Path) -> Budget:
    stat = path.stat()
    version = (stat.st_mtime_ns, stat.st_size)
    known = _added.get(path)
    if known is None or known[0] != version:
        known = _added[path] = (version, _read(path))
    return known[1]


def _read(path: Path) -> Budget:
    from fl_alliance.dp.errors import PrivacyError

    try:
        from fl_alliance.dp.ledger import Ledger
        from fl_alliance.dp.standing import standing

        return Budget(path.parent.name, standing(Ledger(path).read()))
    except PrivacyError as error:
        return Budget(path.parent.name, None, str(error))
    except ImportError:
        return Budget(path.parent.name, None, "to add it up install the extra: pip install 'fl-alliance[dp]'")
