"""A consortium on a chain of its own, with everybody's keys: what the tests of its contract act with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import ec
from web3 import Web3

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.auth_keys import AuthKey
from fl_alliance.chain.connect import advance_to, connected
from fl_alliance.chain.deploy import Deployment, deploy
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.sites import Pen, Sites, add_sites

RELAYER = NodeKey(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
"""Has gas, and no part in the consortium."""
MEMBERS = [NodeKey.derive(70, index) for index in range(4)]
NEWCOMER, OUTSIDER = NodeKey.derive(70, 8), NodeKey.derive(70, 9)
CODE, CONFIG, OTHER_CONFIG = keccak(b"code"), keccak(b"config"), keccak(b"other config")
AUTH_KEY, NEXT_KEY = AuthKey(ec.generate_private_key(ec.SECP384R1())), AuthKey(ec.generate_private_key(ec.SECP256R1()))
PROOF = keccak(b"proof")
HOUR = 3_600


@dataclass
class Consortium:
    """Four members of whom three must agree, and a relayer who sends what they sign."""

    w3: Web3
    sender: Sender
    deployment: Deployment

    @cached_property
    def sites(self) -> Sites:
        return Sites(self.sender, self.deployment.sites)

    @property
    def rpc(self) -> Rpc:
        return self.sender.rpc

    @property
    def now(self) -> int:
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def pen(self, key: NodeKey, deadline: int | None = None) -> Pen:
        return Pen(key, key.address, self.sites, self.now + HOUR if deadline is None else deadline)

    def approve(self, key: NodeKey, code: bytes = CODE, config: bytes = CONFIG, approves: bool = True) -> None:
        self.sites.judge_bundle(code, config, approves, self.pen(key).judge_bundle(code, config, approves))

    def support(self, key: NodeKey, change: int, account: str, value: int = 0, supports: bool = True) -> None:
        by = self.pen(key).judge_change(change, account, value, supports)  # type: ignore[arg-type]
        self.sites.judge_change(change, account, value, supports, by)  # type: ignore[arg-type]

    def bind(self, key: NodeKey, auth: bytes = AUTH_KEY.digest, previous: bytes = bytes(32)) -> None:
        self.sites.bind(auth, PROOF, previous, self.pen(key).bind(auth, PROOF, previous))


@contextmanager
def consortium(*, has_points: bool = False) -> Iterator[Consortium]:
    with connected("memory://") as w3:
        sender = Sender(w3, RELAYER)
        members = [member.address for member in MEMBERS]
        yield Consortium(w3, sender, add_sites(sender, deploy(sender, has_points=has_points), members, 3))


@contextmanager
def behind_snapshot(shared: Consortium) -> Iterator[Consortium]:
    mark = shared.rpc("evm_snapshot")
    yield Consortium(shared.w3, Sender(shared.w3, RELAYER), shared.deployment)
    shared.rpc("evm_revert", mark)


def wait(consortium: Consortium, second: int) -> None:
    advance_to(consortium.w3, second)
