"""What a hospital has agreed to before its node runs; the node signs nothing beyond it, whoever asks."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from fl_alliance.chain import strict_json
from fl_alliance.config import JobConfig, config_digest
from fl_alliance.folders import FolderError
from fl_alliance.records import write_whole
from fl_alliance.strategies.wire import Place

FILE = "terms.json"


class NotAgreed(PermissionError):
    """The coordinator asks for something that the hospital has not agreed to."""


@dataclass(frozen=True, slots=True)
class Terms:
    """One task, as the hospital found it on its own chain endpoint.

    Attributes
    ----------
    chain_id : int
    contract, token : str
        The Alliance's and FML's addresses.
    task : int
    stake_wei : int
        The most that the hospital stakes.
    code_digest : str
        sha256 in hex of the code that the task pins on chain, which is this installation's.
    config_digest : str
        sha256 in hex of the configuration that the task pins on chain.
    site : int
        Which part of the workload's data is its own, from 0; `wire.OWN_DATA` where it brings its own.
    data : str
        The folder with its own data; empty where it has a part of the workload's.
    address : str
        The hospital's.
    policy : str
        Path of the site's policy; empty where it joined without one.
    """

    chain_id: int
    contract: str
    token: str
    task: int
    stake_wei: int
    code_digest: str
    config_digest: str
    site: int
    data: str
    address: str
    policy: str = ""

    @property
    def matter(self) -> str:
        """What a hospital's folder is about, in words; a folder is about one task and one hospital."""
        data = f"data {self.data}" if self.data else f"site {self.site}"
        return f"task {_name(self.chain_id, self.contract, self.task)} and hospital {self.address}, {data}"

    @staticmethod
    def is_kept_in(home: Path) -> bool:
        """Return whether a folder holds terms."""
        return (home / FILE).is_file()

    def save(self, home: Path) -> None:
        """Write the terms into the hospital's folder."""
        write_whole(home / FILE, json.dumps(asdict(self), indent=1).encode())

    @classmethod
    def load(cls, home: Path) -> Self:
        """Read the terms in a hospital's folder; raises `FolderError` where there are none."""
        try:
            terms = cls(**strict_json.parse((home / FILE).read_bytes()))
            for field in fields(cls):
                value = getattr(terms, field.name)
                if type(value).__name__ != field.type and type(value) is not field.type:
                    raise TypeError(f"{field.name} is a {type(value).__name__}")
        except (OSError, ValueError, TypeError) as error:
            raise FolderError(f"{home / FILE}: {error}; needed what fl-alliance join writes") from error
        return terms

    def require_place(self, place: Place) -> None:
        """Refuse another task, contract or chain; raises `NotAgreed`."""
        found = (place.domain.chain_id, place.domain.contract, place.task)
        needed = (self.chain_id, self.contract, self.task)
        if found != needed:
            raise NotAgreed(f"asked to act in task {_name(*found)}, agreed to {_name(*needed)}")

    def require_offer(self, token: str, stake_wei: int) -> None:
        """Refuse another token or a higher stake; raises `NotAgreed`."""
        if token != self.token:
            raise NotAgreed(f"asked to stake token {token}, agreed to {self.token}")
        if stake_wei > self.stake_wei:
            raise NotAgreed(f"asked to stake {stake_wei} wei, agreed to {self.stake_wei} at most")

    def require_key(self, address: str) -> None:
        """Refuse to sign with another account's key; raises `NotAgreed`."""
        if address != self.address:
            raise NotAgreed(f"asked to sign as {self.address}, the key at hand is that of {address}")

    def require_code(self, found: bytes) -> None:
        """Refuse to run other code than was agreed to, such as one that was changed since; raises `NotAgreed`."""
        if found.hex() != self.code_digest:
            raise NotAgreed(f"the installed code has digest {found.hex()}, agreed to was {self.code_digest}")

    def require_config(self, config: JobConfig) -> None:
        """Refuse settings other than the task pins, and such as make nodes attack; raises `NotAgreed`."""
        found = config_digest(config).hex()
        if found != self.config_digest:
            raise NotAgreed(f"asked to run with settings of digest {found}, the task pins {self.config_digest}")
        attack = config.attack
        if attack.update or attack.vote or attack.protocol:
            raise NotAgreed("asked to run with settings that make nodes attack")
        if self.site >= config.nodes:
            raise NotAgreed(f"site {self.site}: the task has sites 0 to {config.nodes - 1}")


def _name(chain_id: int, contract: str, task: int) -> str:
    return f"{chain_id}:{contract}:{task}"
