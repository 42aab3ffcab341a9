"""One way to every chain: `connect(url)` gives a plain Web3.

| URL | chain |
|---|---|
| `memory://` | embedded, gone with the process |
| `file:///path/chain.db` | embedded, kept in one file |
| `anvil://` | a child process of foundry's anvil, killed on close and on exit |
| `http(s)://host:port`, `ipc:///path` | whatever listens there |

The embedded chains and anvil take `?chain_id=31337&hardfork=prague&genesis_time=1735689600`.
web3 takes seconds to import, so it is imported when a connection is made.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from fl_alliance.chain.errors import BadChainUrl, ChainUnreachable, WrongChain
from fl_alliance.chain.rpc import Rpc

if TYPE_CHECKING:
    from web3 import Web3

    from fl_alliance.chain.node.settings import Settings

_SCHEMES = "memory://, file:///path, anvil://, http(s)://host or ipc:///path"
_PARAMETERS = ("chain_id", "hardfork", "genesis_time")
_HTTP_TIMEOUT_S = 30
_SHORTEST_POLL_S, _LONGEST_POLL_S = 0.05, 1.0
_MOVABLE = ("fl-alliance/embedded", "anvil/")


def connect(url: str, *, chain_id: int | None = None) -> "Web3":
    """Connect and make sure that a chain answers, and the expected one.

    Parameters
    ----------
    url
        see the table above
    chain_id
        the id the chain must have; a chain that is created by this call gets it

    Raises
    ------
    BadChainUrl, ChainUnreachable, WrongChain, AnvilMissing, ChainLocked, ChainCorrupt
    """
    parts = urlsplit(url)
    openers = {
        "memory": _open_memory,
        "file": _open_file,
        "anvil": _open_anvil,
        "http": _open_http,
        "https": _open_http,
        "ipc": _open_ipc,
    }
    if parts.scheme not in openers:
        raise BadChainUrl(url, f"scheme {parts.scheme!r}", _SCHEMES)
    w3 = openers[parts.scheme](url, parts, chain_id)
    try:
        _check_chain(url, w3, chain_id)
    except BaseException:
        close(w3)
        raise
    return w3


@contextmanager
def connected(url: str, *, chain_id: int | None = None) -> Iterator["Web3"]:
    """Connect for the length of a `with` block."""
    w3 = connect(url, chain_id=chain_id)
    try:
        yield w3
    finally:
        close(w3)


def close(w3: "Web3") -> None:
    """Release what the connection holds: the chain file and its lock, or the anvil process. May be repeated."""
    release = getattr(w3.provider, "close", None)
    if release is not None:
        release()


def is_elsewhere(w3: "Web3") -> bool:
    """Return whether the chain is asked over HTTP, and no anvil of our own."""
    from fl_alliance.chain.node.remote import RemoteProvider

    return type(w3.provider) is RemoteProvider


def be_patient(w3: "Web3", seconds: float) -> None:
    """Let requests over this connection wait so long for an endpoint that went away to come back."""
    from fl_alliance.chain.node.remote import RemoteProvider

    if isinstance(w3.provider, RemoteProvider):
        w3.provider.patience_s = seconds


def is_moved(w3: "Web3") -> bool:
    """Return whether who waits on this chain moves its clock: an embedded one's, or anvil's."""
    return str(Rpc(w3)("web3_clientVersion")).startswith(_MOVABLE)


def advance_to(w3: "Web3", timestamp: int) -> None:
    """Return once the head's timestamp is at least `timestamp` (Unix seconds).

    The clock of an embedded chain or of anvil is moved and an empty block sealed; on any other chain, a served one
    too, this waits.
    """
    rpc = Rpc(w3)
    if rpc.second() >= timestamp:
        return
    if is_moved(w3):
        rpc("evm_setNextBlockTimestamp", timestamp)
        rpc("evm_mine")
        return
    first, began = rpc.second(), time.monotonic()
    while (now := rpc.second()) < timestamp:
        # A served chain's time may run faster than ours; how much is seen while waiting.
        speed = max(1.0, (now - first) / max(1.0, time.monotonic() - began))
        time.sleep(min(_LONGEST_POLL_S, max(_SHORTEST_POLL_S, (timestamp - now) / speed)))


def _innermost(error: BaseException) -> BaseException:
    """Return what was raised first: HTTP libraries wrap the system's words into their own three times."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _check_chain(url: str, w3: "Web3", needed: int | None) -> None:
    """Ask for the chain id; any failure to answer is ChainUnreachable."""
    import requests
    from web3.exceptions import Web3Exception

    try:
        found = w3.eth.chain_id
    except (OSError, requests.RequestException, Web3Exception, ValueError) as failed:
        reason = _innermost(failed)
        raise ChainUnreachable(url, f"{type(reason).__name__}: {reason}") from failed
    if needed is not None and found != needed:
        raise WrongChain(url, found, needed)


# the embedded chains


def _open_memory(url: str, parts: SplitResult, chain_id: int | None) -> "Web3":
    from fl_alliance.chain.node.node import Node

    if parts.netloc or parts.path:
        raise BadChainUrl(url, f"{parts.netloc}{parts.path!r} after memory://", "nothing but ?parameters")
    return _embedded(Node(_settings(url, _parameters(url, parts, chain_id))))


def _open_file(url: str, parts: SplitResult, chain_id: int | None) -> "Web3":
    from fl_alliance.chain.node.chainfile import BlockLog
    from fl_alliance.chain.node.node import Node

    path = Path(unquote(parts.path))
    if parts.netloc or not path.is_absolute():
        raise BadChainUrl(url, f"path {parts.netloc}{parts.path}", "an absolute one, file:///path/chain.db")
    if not path.parent.is_dir() or path.is_dir():
        raise BadChainUrl(url, f"path {path}", "a file in a folder that exists")
    wanted = _parameters(url, parts, chain_id)
    log = BlockLog(path, _settings(url, wanted))
    try:
        _need_stored(url, log.settings, wanted)
        return _embedded(Node(log.settings, log, log.blocks))
    except BaseException:
        log.close()
        raise


def _embedded(node: Any) -> "Web3":
    from web3 import Web3
    from web3.middleware import AttributeDictMiddleware

    from fl_alliance.chain.node.provider import EmbeddedProvider

    # The other default middlewares serve names, unlocked accounts and proof-of-authority chains: none is here.
    return Web3(EmbeddedProvider(node), middleware=[(AttributeDictMiddleware, "attrdict")])


def _parameters(url: str, parts: SplitResult, chain_id: int | None) -> dict[str, Any]:
    """Return the URL's parameters, typed; `chain_id` stands in where the URL does not name one."""
    given: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name, value in given.items():
        if name not in _PARAMETERS:
            raise BadChainUrl(url, f"parameter {name!r}", ", ".join(_PARAMETERS))
        if name != "hardfork":
            if not (value.isascii() and value.isdigit() and 0 < int(value) < 1 << 63):
                raise BadChainUrl(url, f"{name}={value}", "a positive integer")
            given[name] = int(value)
    if chain_id is not None:
        given.setdefault("chain_id", chain_id)
        if given["chain_id"] != chain_id:
            raise WrongChain(url, given["chain_id"], chain_id)
    return given


def _settings(url: str, given: dict[str, Any]) -> "Settings":
    from fl_alliance.chain.node.settings import HARDFORKS, Settings

    settings = Settings(**given)
    if settings.hardfork not in HARDFORKS:
        raise BadChainUrl(url, f"hardfork={settings.hardfork}", " or ".join(HARDFORKS))
    return settings


def _need_stored(url: str, stored: "Settings", wanted: dict[str, Any]) -> None:
    """Compare what the URL asks for with what the file was created with."""
    for name, value in wanted.items():
        found = getattr(stored, name)
        if found == value:
            continue
        if name == "chain_id":
            raise WrongChain(url, found, value)
        raise BadChainUrl(url, f"{name}={value}", f"{name}={found}, which the file was created with")


# chains elsewhere


def _open_anvil(url: str, parts: SplitResult, chain_id: int | None) -> "Web3":
    from web3 import Web3

    from fl_alliance.chain.node.anvil import AnvilProvider

    if parts.netloc or parts.path:
        raise BadChainUrl(
            url, f"{parts.netloc}{parts.path!r} after anvil://", "nothing but ?parameters (http:// to join)"
        )
    return Web3(AnvilProvider(url, _settings(url, _parameters(url, parts, chain_id))))


def _open_http(url: str, parts: SplitResult, chain_id: int | None) -> "Web3":
    from web3 import Web3

    from fl_alliance.chain.node.remote import RemoteProvider

    if not parts.hostname:
        raise BadChainUrl(url, "no host", "http://host:port")
    return Web3(RemoteProvider(url, request_kwargs={"timeout": _HTTP_TIMEOUT_S}))


def _open_ipc(url: str, parts: SplitResult, chain_id: int | None) -> "Web3":
    from web3 import Web3
    from web3.providers import IPCProvider

    path = Path(unquote(parts.path))
    if parts.netloc or not path.is_absolute():
        raise BadChainUrl(url, f"path {parts.netloc}{parts.path}", "an absolute one, ipc:///path/node.ipc")
    return Web3(IPCProvider(path))
