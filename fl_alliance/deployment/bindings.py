"""What SuperNodes' keys and their accounts signed, as the ServerApp took it in, for whoever checks it again.

A file for each key, `identities/ACCOUNT-KEY.json` beside the run; all of it is public. The signature whose digest the
contract keeps stays: a SuperNode that comes back signs anew, and that signature's digest is on no chain.
"""

from collections.abc import Iterator
from pathlib import Path

from fl_alliance.chain.auth_keys import check_statement
from fl_alliance.chain.errors import ChainError, SigningError
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.sites import SitesView
from fl_alliance.deployment.identity import IdentityRefused, SignedBinding
from fl_alliance.folders import FolderError
from fl_alliance.records import write_whole

_SHOWN = 16


class Bindings:
    """The folder; it need not exist yet."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(self, address: str, binding: SignedBinding, view: SitesView) -> None:
        """Write down what was signed, unless what the contract has the digest of is there already."""
        path = self.root / f"{address}-{binding.key.hex()[:_SHOWN]}.json"
        known = view.binding(address).proof
        if path.is_file() and known != binding.proof:
            return
        self.root.mkdir(parents=True, exist_ok=True)
        write_whole(path, binding.encode())

    def checked(self, view: SitesView) -> Iterator[tuple[str, bool]]:
        """Yield, for each file, what the statement in it shows beside the chain, in words, and whether it is good.

        Raises
        ------
        FolderError
            There is no such folder.
        """
        if not self.root.is_dir():
            raise FolderError(f"{self.root}: no such folder; needed the identities/ of a run")
        for path in sorted(self.root.glob("*.json")):
            address = path.name.partition("-")[0]
            try:
                yield f"{path.name}: {_shown(checksum(address), SignedBinding.decode(path.read_bytes()), view)}", True
            except (IdentityRefused, SigningError, ChainError, ValueError, OSError) as error:
                yield f"{path.name}: {error}", False


def _shown(address: str, binding: SignedBinding, view: SitesView) -> str:
    """Return what a statement shows; raises what keeps it from showing anything."""
    check_statement(bytes.fromhex(binding.public), bytes.fromhex(binding.statement), view.domain, address)
    owner, bound = view.owner_of(binding.key), view.binding(address)
    if owner != address:
        raise IdentityRefused(f"key {binding.key.hex()} signed that it is of {address}, the chain has it of {owner}")
    now = "bound now" if bound.key == binding.key else "bound once, no longer"
    proof = "; the contract has this signature's digest" if bound.proof == binding.proof else ""
    return f"signed by key and account, {now}{proof}"
