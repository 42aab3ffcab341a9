"""Which key a command acts with: a keystore file, an environment variable, or a development account."""

import hashlib
import os
import sys
from functools import cache
from getpass import getpass
from pathlib import Path

from fl_alliance.chain.accounts import DEVELOPMENT_CHAIN, NodeKey
from fl_alliance.market.errors import KeyMissing
from fl_alliance.market.settings import Key

DEVELOPMENT_ACCOUNTS = 10
_MNEMONIC = "test test test test test test test test test test test junk"


def find_key(settings: Key, chain_id: int, default: int) -> NodeKey:
    """Return the key to act with.

    Parameters
    ----------
    settings : Key
        What was asked for. A keystore and a development account come before the environment variable.
    chain_id : int
        The chain to sign for.
    default : int
        The development account to act as where nothing else is said; on a development chain only.

    Raises
    ------
    KeyMissing
        There is no key, and this is no development chain.
    KeyUnusable
        What was named holds no key.
    """
    if settings.keystore:
        return NodeKey.from_keystore(Path(settings.keystore).expanduser(), _password(settings))
    if settings.development is not None:
        return development_key(settings.development)
    if os.environ.get(settings.env, "").strip():
        return NodeKey.from_env(settings.env)
    if chain_id != DEVELOPMENT_CHAIN:
        raise KeyMissing(settings.env, chain_id)
    return development_key(default)


@cache
def development_key(index: int) -> NodeKey:
    """Return the key of a development account; anybody can do the same, so it signs on development chains only."""
    from eth_account.hdaccount.deterministic import HDPath

    seed = hashlib.pbkdf2_hmac("sha512", _MNEMONIC.encode(), b"mnemonic", 2048)  # BIP-39
    return NodeKey(HDPath(f"m/44'/60'/0'/0/{index}").derive(seed), is_public=True)


def is_development(settings: Key, chain_id: int) -> bool:
    """Return whether no key was named on a development chain: then all its accounts are the person's own."""
    return chain_id == DEVELOPMENT_CHAIN and not settings.keystore and not os.environ.get(settings.env, "").strip()


def _password(settings: Key) -> str:
    """Return the keystore's password: from the environment, or from the person at the terminal."""
    given = os.environ.get(f"{settings.env}_PASSWORD")
    if given is None and sys.stdin.isatty():
        given = getpass(f"password of {settings.keystore}: ")
    return given or ""
