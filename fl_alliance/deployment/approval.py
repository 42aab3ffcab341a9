"""Only what enough sites of the consortium approved runs: a code digest together with the digest of its settings."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from fl_alliance.chain import strict_json
from fl_alliance.chain.sites import SitesView
from fl_alliance.folders import FolderError
from fl_alliance.records import write_whole
from fl_alliance.validation import ConfigError

FILE = "approved.json"
_DIGEST = 32


class NotApproved(ConfigError):
    """Code and settings that the consortium has not approved; the message names both digests."""


def require_approved(view: SitesView, code_digest: bytes, config_digest: bytes) -> None:
    """Refuse a bundle that too few members approve, by the chain; raises `NotApproved`."""
    if view.is_approved(code_digest, config_digest):
        return
    count, needed, members = len(view.approvals(code_digest, config_digest)), view.threshold, len(view.members)
    raise NotApproved(
        f"code {code_digest.hex()} under settings {config_digest.hex()}: {count} of {members} members of the "
        f"consortium {view.address} approve it, needed {needed}"
    )


@dataclass(frozen=True, slots=True)
class Approvals:
    """The bundles that a site lets run, as it wrote them down from its own chain endpoint; to be asked offline.

    Attributes
    ----------
    pairs : frozenset of (bytes, bytes)
        Code digests with the digests of their settings.
    """

    pairs: frozenset[tuple[bytes, bytes]]

    def save(self, path: Path) -> None:
        """Write the approvals into a file."""
        content = [{"code": code.hex(), "config": config.hex()} for code, config in sorted(self.pairs)]
        write_whole(path, json.dumps(content, indent=1).encode())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the approvals in a file; raises `FolderError` where there are none."""
        try:
            entries = strict_json.parse(path.read_bytes())
            if not isinstance(entries, list):
                raise ValueError("no list")
            found = [(bytes.fromhex(entry["code"]), bytes.fromhex(entry["config"])) for entry in entries]
            if any(len(digest) != _DIGEST for pair in found for digest in pair):
                raise ValueError("a digest that is not 32 bytes")
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise FolderError(f"{path}: {error}; needed what fl-alliance sites approved writes") from error
        return cls(frozenset(found))

    def require(self, code_digest: bytes, config_digest: bytes) -> None:
        """Refuse a bundle that is not among them; raises `NotApproved`."""
        if (code_digest, config_digest) not in self.pairs:
            raise NotApproved(
                f"code {code_digest.hex()} under settings {config_digest.hex()}: is none of the {len(self.pairs)} "
                "bundles that this site lets run"
            )
