"""A marketplace with a listed model, callers and contributors: what the marketplace's tests act with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import assembly
from web3 import Web3

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.call_vouchers import TillPayment
from fl_alliance.chain.connect import advance_to
from fl_alliance.chain.deploy import Deployment
from fl_alliance.chain.documents import Documents, Verdict
from fl_alliance.chain.fml import Fml
from fl_alliance.chain.listings import Models
from fl_alliance.chain.marketplace import MarketplaceTerms
from fl_alliance.chain.messages import fml_domain
from fl_alliance.chain.revenue import Revenue
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML

HOST, CALLER, OTHER_CALLER, CONTRIBUTOR = assembly.STRANGER, assembly.PROPOSER, assembly.RIVAL, assembly.SMALL
HOLDER = assembly.LARGE
MODEL, CARD, LINEAGE = keccak(b"model"), keccak(b"card"), keccak(b"lineage")
PRICE_WEI = WEI_PER_FML // 100
TERMS = MarketplaceTerms()
DAY = 86_400
FAR = 2**40


@dataclass
class Bazaar:
    """The marketplace, and whoever takes part in it."""

    w3: Web3
    deployment: Deployment
    senders: dict[str, Sender] = field(default_factory=dict)

    @cached_property
    def rpc(self) -> Rpc:
        return Rpc(self.w3)

    @cached_property
    def fml(self) -> Fml:
        return Fml(self.sender(HOST), self.deployment.fml)

    def sender(self, key: NodeKey) -> Sender:
        return self.senders.setdefault(key.address, Sender(self.w3, key))

    def models(self, key: NodeKey = HOST) -> Models:
        return Models(self.sender(key), self.deployment)

    def revenue(self, key: NodeKey = HOST) -> Revenue:
        return Revenue(self.sender(key), self.deployment)

    def documents(self, key: NodeKey = HOST) -> Documents:
        return Documents(self.sender(key), self.deployment)

    def wait(self, seconds: int) -> None:
        advance_to(self.w3, self.rpc.second() + seconds)

    def listed(self, digest: bytes = MODEL) -> int:
        return self.models().list(digest, CARD, LINEAGE, PRICE_WEI, TERMS.host_stake_wei)

    def accepted(self, model: int, content: bytes = b"document", by: NodeKey = CONTRIBUTOR) -> int:
        """A document that holders have accepted."""
        number = self.documents(by).contribute(model, keccak(content))
        self.documents(HOLDER).judge(number, Verdict.RELEVANT)
        self.wait(3 * DAY)
        self.documents(HOST).settle(number)
        return number

    def payment(
        self, model: int, amount_wei: int = PRICE_WEI, payer: NodeKey = CALLER, nonce: bytes = b"1"
    ) -> TillPayment:
        return TillPayment(payer.address, self.revenue().till(model), amount_wei, 0, FAR, keccak(nonce))

    def authorized(self, given: TillPayment, key: NodeKey = CALLER) -> bytes:
        return given.sign(key, fml_domain(self.deployment.chain_id, self.deployment.fml))

    def balance(self, key: NodeKey) -> int:
        return self.fml.balance_wei(key.address)


@contextmanager
def opened() -> Iterator[Bazaar]:
    """A market with its marketplace, which a DAO owns."""
    with assembly.assembled() as market:
        yield Bazaar(market.w3, market.deployment)
