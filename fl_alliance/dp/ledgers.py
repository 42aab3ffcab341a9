"""The ledgers of one hospital: a folder with one for each data set."""

import logging
from collections.abc import Iterator
from pathlib import Path

from fl_alliance.dp.errors import PrivacyError, UnknownData
from fl_alliance.dp.ledger import Ledger
from fl_alliance.dp.units import Unit

_SUFFIX = ".jsonl"


class Ledgers:
    """The folder; it need not exist yet."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __iter__(self) -> Iterator[Ledger]:
        return (Ledger(path) for path in sorted(self.root.glob(f"*{_SUFFIX}")) if Ledger(path).exists)

    def of(self, data: str) -> Ledger:
        """Return the ledger of the data set with this digest, opened or not."""
        return Ledger(self.root / f"{data}{_SUFFIX}")

    def find(self, prefix: str) -> Ledger:
        """Return the one opened ledger whose data's digest begins so; raises `PrivacyError`."""
        found = [ledger for ledger in self if ledger.path.name.startswith(prefix)]
        if len(found) != 1:
            raise PrivacyError(f"{self.root}: {len(found)} data sets begin with {prefix!r}; needed exactly one")
        return found[0]

    def opened(self, data: str, unit: Unit) -> Ledger:
        """Return the ledger of a data set, opened where it is the first of this folder.

        Raises
        ------
        UnknownData
            There are ledgers of other data: one reading more is another digest, and must not be another budget.
        PrivacyError
            The ledger counts in another unit.
        """
        ledger = self.of(data)
        if not ledger.exists:
            if others := [other.path.stem[:12] for other in self]:
                # For the hospital's own log: an error's text reaches the coordinator.
                logging.getLogger("flwr").error(
                    "%s: no privacy ledger of data %s, but of %s; needed once: fl-alliance privacy adopt %s %s "
                    "--continues DIGEST where it is about the same patients, or --apart where it is about others",
                    *(self.root, data, ", ".join(others), self.root, data),
                )
                raise UnknownData("this data has no privacy ledger here, but other data has; the site's log says more")
            ledger.create(data, unit)
        if (counted := ledger.read().opened.unit) != unit:
            raise PrivacyError(f"{ledger.path}: counts for each {counted}, asked for each {unit}; needed the same unit")
        return ledger
