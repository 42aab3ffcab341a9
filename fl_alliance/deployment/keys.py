"""Which key a hospital acts with: a keystore and its password, or an environment variable. Never an argument."""

import json
import os
import secrets
import stat
import sys
from dataclasses import dataclass
from getpass import getpass
from pathlib import Path

from fl_alliance.chain.accounts import NodeKey, first_line
from fl_alliance.config import ConfigError
from fl_alliance.folders import FolderError

LEAST_PASSWORD = 12
"""Characters of a new keystore's password."""


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a hospital's key is; no part of it is a secret.

    Attributes
    ----------
    env : str
        Name of an environment variable with 64 hex digits or a keystore's path; empty where there is a keystore.
    keystore : Path or None
        A keystore v3 file.
    password_file : Path or None
        Its first line is the keystore's password; None: it is asked for at the terminal.
    """

    env: str = ""
    keystore: Path | None = None
    password_file: Path | None = None

    def open(self) -> NodeKey:
        """Return the key; raises `ConfigError`, `FolderError` or `KeyUnusable` where it is not to be had."""
        if (self.keystore is None) == (not self.env):
            raise ConfigError("the account's key: needs one of --keystore FILE and --key-env VARIABLE")
        if self.keystore is None:
            return NodeKey.from_env(self.env)
        require_private(self.keystore)
        return NodeKey.from_keystore(self.keystore, password(self.password_file, str(self.keystore)))

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the environment variables that hold secrets; a child process does not need them."""
        return (self.env, f"{self.env}_PASSWORD", f"{self.env}_PASSWORD_FILE") if self.env else ()


def password(file: Path | None, what: str) -> str:
    """Return the first line of a file, or what a person types.

    Raises
    ------
    ConfigError
        There is neither a file nor a terminal.
    FolderError
        The file is missing, or others may read it.
    """
    if file is not None:
        require_private(file)
        return first_line(file)
    if not sys.stdin.isatty():
        raise ConfigError(f"password of {what}: no terminal to ask at, needs --password-file FILE")
    return getpass(f"password of {what}: ")


def require_private(path: Path) -> None:
    """Refuse a file with a secret that is missing, or that anybody but its owner may read; raises `FolderError`."""
    if not path.is_file():
        raise FolderError(f"{path}: no such file")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise FolderError(f"{path}: mode {mode:04o} lets others read it, needed 0600 (chmod 600 {path})")


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that its owner alone may read; raises `FolderError` where there is one already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise FolderError(f"{path}: exists; needed a new file, nothing is ever overwritten") from None
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def new_keystore(path: Path, chosen: str) -> str:
    """Write a new random key into a keystore v3 file (scrypt), mode 0600; return its address.

    Raises
    ------
    ConfigError
        The password is shorter than `LEAST_PASSWORD` characters.
    FolderError
        There is such a file already.
    """
    from eth_keyfile.keyfile import create_keyfile_json

    if len(chosen) < LEAST_PASSWORD:
        raise ConfigError(f"a password of {len(chosen)} characters: needs {LEAST_PASSWORD} or more")
    key = NodeKey(secrets.token_bytes(32))
    content = create_keyfile_json(key.secret, chosen.encode(), kdf="scrypt")
    write_private(path, json.dumps(content, indent=1).encode())
    return key.address
