"""Everything that can go wrong between this project and a chain, one class per thing a caller would catch.

ChainError
├── ConnectError                the chain cannot be used through this URL
│   ├── BadChainUrl             scheme, path or parameter not understood
│   ├── ChainUnreachable        nothing answered: the only error worth a retry
│   ├── WrongChain              it answered with another chain id than the one asked for
│   └── AnvilMissing            anvil:// without an anvil binary
├── CannotListen                nothing can be served at this address
├── ChainFileError              the chain file cannot be used
│   ├── ChainCorrupt            a stored byte is not what was written; names the block
│   ├── OutboxDamaged           a journal of sent transactions cannot be read
│   └── ChainLocked             another process has it open for writing
├── TransactionError            a transaction was not accepted or did not do what it was sent for
│   ├── TransactionReverted     a contract refused; its custom errors are the subclasses in refusals.py and its kin
│   ├── ReceiptMissing          sent, but in no block before the deadline
│   └── RequestRefused          the node answered a request with an error
│       └── GasMissing          it did not take a transaction that its sender cannot pay for
├── ArtifactMissing             no compiled contract of that name
├── ManifestUnusable            no deployment manifest there
├── ContractMissing             the manifest is there, but not of a deployment with this contract
├── CodeMismatch                other code on the chain than the manifest names
├── ModelDiverged               the chain did something else than the rules
├── DataUnreadable              bytes that are not of the types they should be
├── StepUnknown                 calldata that takes no step of a task
├── StepForeign                 a step of another rule than the task's contract has
├── VrfInvalid                  a VRF proof, or a key to verify it with, does not hold
└── SigningError                a key cannot sign here, or a signature is nobody's
    ├── KeyUnusable             no key there, or it cannot be opened
    ├── DevelopmentKey          a key that everybody knows, off the development chain
    ├── SignatureInvalid        no key makes this signature
    └── StatementInvalid        a SuperNode's key did not sign whose it is
"""

from typing import Any


class ChainError(Exception):
    """Root of this tree; messages name the call, the value given and the value needed."""


class ConnectError(ChainError):
    """The chain cannot be used through this URL."""


class BadChainUrl(ConnectError):
    """The URL's scheme, path or a parameter is not understood."""

    def __init__(self, url: str, given: str, needed: str) -> None:
        super().__init__(f"connect({url!r}): given {given}, needed {needed}")
        self.url, self.given, self.needed = url, given, needed


class ChainUnreachable(ConnectError):
    """Nothing answered at the URL; the one error after which trying again makes sense."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"connect({url!r}): no chain answered ({reason}); needed a running JSON-RPC endpoint")
        self.url, self.reason = url, reason


class WrongChain(ConnectError):
    """The endpoint is a chain, but not the one asked for."""

    def __init__(self, url: str, found: int, needed: int) -> None:
        super().__init__(f"connect({url!r}): found chain id {found}, needed {needed}")
        self.url, self.found, self.needed = url, found, needed


class AnvilMissing(ConnectError):
    """An anvil:// URL was given on a machine without anvil."""

    def __init__(self, url: str, searched: str) -> None:
        super().__init__(
            f"connect({url!r}): found no anvil in {searched}; needed: npm install @foundry-rs/anvil, "
            "or the binary's path in FL_ALLIANCE_ANVIL"
        )
        self.url, self.searched = url, searched


class CannotListen(ChainError):
    """Nothing can be served at this address: it is not this machine's own, or the port is taken."""

    def __init__(self, host: str, port: int, found: str, needed: str) -> None:
        super().__init__(f"serve at {host} port {port}: found {found}; needed {needed}")
        self.host, self.port, self.found, self.needed = host, port, found, needed


class ChainFileError(ChainError):
    """The chain file cannot be used."""


class ChainCorrupt(ChainFileError):
    """A stored byte is not the one that was written.

    `block` is the first block that does not hold, or None where the damage is not inside one (the SQLite
    container itself, or the settings row).
    """

    def __init__(self, path: str, block: int | None, found: str, needed: str) -> None:
        where = f"block {block}" if block is not None else "before any block"
        super().__init__(f"chain file {path}: corrupt at {where}: found {found}, needed {needed}")
        self.path, self.block, self.found, self.needed = path, block, found, needed


class OutboxDamaged(ChainFileError):
    """A journal of sent transactions cannot be read; whoever goes on without might send one twice."""

    def __init__(self, path: str, line: int) -> None:
        super().__init__(f"{path}: line {line} is no transaction; needed what was written there")
        self.path, self.line = path, line


class ChainLocked(ChainFileError):
    """Another process has the chain file open for writing."""

    def __init__(self, path: str, owner: str) -> None:
        super().__init__(
            f"chain file {path}: opened for writing by {owner}; needed exclusive use "
            "(close the other process, or open it read-only)"
        )
        self.path, self.owner = path, owner


class TransactionError(ChainError):
    """A transaction was not accepted, or did not do what it was sent for."""


class TransactionReverted(TransactionError):
    """A contract refused the call; `data` is the raw revert data."""

    def __init__(self, call: str, reason: str, data: bytes = b"") -> None:
        super().__init__(f"{call}: reverted: {reason}")
        self.call, self.reason, self.data = call, reason, data


class ReceiptMissing(TransactionError):
    """A transaction was sent and is in no block yet."""

    def __init__(self, call: str, tx_hash: str, waited_s: float) -> None:
        super().__init__(f"{call}: transaction {tx_hash} in no block after {waited_s:g} s")
        self.call, self.tx_hash, self.waited_s = call, tx_hash, waited_s


class RequestRefused(TransactionError):
    """The node answered a request with an error; `data` is the revert data where it was a call that reverted."""

    def __init__(self, method: str, error: dict[str, Any] | str) -> None:
        detail = error if isinstance(error, dict) else {"message": error}
        super().__init__(f"{method}: refused: {detail.get('message')} (code {detail.get('code')})")
        self.method, self.code, self.reason = method, detail.get("code"), str(detail.get("message"))
        self.data = _revert_data(detail.get("data"))


class GasMissing(RequestRefused):
    """The sender of a transaction holds less of the chain's own coin than it can cost."""

    def __init__(self, refusal: RequestRefused, account: str, chain_id: int, held_wei: int, needed_wei: int) -> None:
        super().__init__(refusal.method, {"message": refusal.reason, "code": refusal.code})
        held = f"{account} holds {held_wei} wei of the coin of chain {chain_id}"
        self.args = (f"{held}; needed {needed_wei} wei, which a transaction can cost",)
        self.account, self.chain_id, self.held_wei, self.needed_wei = account, chain_id, held_wei, needed_wei


def _revert_data(found: Any) -> bytes:
    """Return the bytes of a JSON-RPC error's data; nodes nest them differently, and some send text."""
    if isinstance(found, dict):
        return _revert_data(found.get("data") or found.get("result"))
    if not isinstance(found, str) or not found.startswith("0x"):
        return b""
    return bytes.fromhex(found[2:])


class ArtifactMissing(ChainError):
    """No contract of that name was compiled into this package."""

    def __init__(self, name: str, present: tuple[str, ...]) -> None:
        super().__init__(f"load({name!r}): no such artifact; present are {', '.join(present) or 'none'}")
        self.name, self.present = name, present


class ManifestUnusable(ChainError):
    """The file is no deployment manifest."""

    def __init__(self, path: str, found: str) -> None:
        super().__init__(
            f"manifest {path}: found {found}; needed chain_id, block and contracts with FML and "
            "an Alliance, a market (Arena, Emission, DelegationPool) or both"
        )
        self.path, self.found = path, found


class ContractMissing(ChainError):
    """A deployment has no contract of this name."""

    def __init__(self, name: str, present: tuple[str, ...]) -> None:
        super().__init__(f"deployment: given {', '.join(present) or 'no contracts'}; needed {name}")
        self.name, self.present = name, present


class CodeMismatch(ChainError):
    """A contract's code is not the one that was deployed."""

    def __init__(self, name: str, address: str, found: str, needed: str) -> None:
        super().__init__(f"contract {name} at {address}: found code with hash {found}, needed {needed}")
        self.name, self.address, self.found, self.needed = name, address, found, needed


class ModelDiverged(ChainError):
    """The chain did something else than the rules say: another contract, or a defect of one of the two."""

    def __init__(self, where: str, found: object, needed: object) -> None:
        super().__init__(f"{where}: the chain says {found}, the rules {needed}")
        self.where, self.found, self.needed = where, found, needed


class DataUnreadable(ChainError):
    """Calldata, a result or an event that is not of the types that the ABI says."""

    def __init__(self, kind: str, found: str) -> None:
        super().__init__(f"ABI data: found {found}; needed {kind}")
        self.kind, self.found = kind, found


class StepUnknown(ChainError):
    """Calldata of a kind that takes no step of a task."""

    def __init__(self, selector: bytes) -> None:
        super().__init__(f"calldata 0x{selector.hex()}...: no function of the contract that takes a step")
        self.selector = selector


class StepForeign(ChainError):
    """A step that the contract of this task does not know: it judges by another rule."""

    def __init__(self, step: str) -> None:
        super().__init__(f"step {step}: the task is judged by another rule, its contract does not know this")
        self.step = step


class VrfInvalid(ChainError):
    """A VRF proof, or a key to verify it with, does not hold; the contract refuses the same proofs."""

    def __init__(self, found: str, needed: str) -> None:
        super().__init__(f"VRF: found {found}, needed {needed}")
        self.found, self.needed = found, needed


class SigningError(ChainError):
    """A key cannot sign here: missing, locked, or not allowed on this chain."""


class KeyUnusable(SigningError):
    """No private key could be read; the message never carries what was read."""

    def __init__(self, source: str, found: str, needed: str) -> None:
        super().__init__(f"key from {source}: found {found}, needed {needed}")
        self.source, self.found, self.needed = source, found, needed


class DevelopmentKey(SigningError):
    """A key that everybody can derive was about to sign on a chain where things have value."""

    def __init__(self, address: str, chain_id: int, allowed: int) -> None:
        super().__init__(
            f"key of {address}: it is public knowledge and signs on chain {allowed} only, given chain {chain_id}"
        )
        self.address, self.chain_id, self.allowed = address, chain_id, allowed


class SignatureInvalid(SigningError):
    """No key makes this signature, or not in its one accepted form."""

    def __init__(self, found: str) -> None:
        super().__init__(f"signature: {found}; needed 64 bytes after EIP-2098 with the lower s")
        self.found = found


class StatementInvalid(SigningError):
    """What a SuperNode's key should have signed, that it is the key of this account, it has not."""

    def __init__(self, site: str) -> None:
        super().__init__(f"statement of a SuperNode's key: the signature does not bind it to {site}")
        self.site = site
