"""What the console's tests look at: a market with a DAO and a marketplace, and an Alliance, on one embedded chain."""

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import assembly
import bazaar
import players
from web3 import Web3

from fl_alliance.arena.store import open_store
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.alliance_market import AllianceMarket
from fl_alliance.chain.dao import Proposal
from fl_alliance.chain.deploy import ALLIANCE_MARKET, Deployment, add_alliance
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.market import add_alliance_market
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.steps import Start
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.console.alliance import AllianceFeed
from fl_alliance.console.blocks import NodeBlocks
from fl_alliance.console.fair import Fair
from fl_alliance.console.market import MarketFeed
from fl_alliance.console.sources import AllianceSource, MarketSource, Sources
from fl_alliance.console.watching import follow

HOSTILE = (
    "A typo <script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "</blockquote></q>\"'`{{ 7 * 7 }}{% raw %} javascript:alert(1) \u202egnp.exe"
)
"""What a stranger writes into a proposal or a model's card."""
NODES = 7


@dataclass(frozen=True)
class Stage:
    """The chain, its contracts, and what can be played there."""

    w3: Web3
    deployment: Deployment
    bazaar: "bazaar.Bazaar"
    federation: "players.Federation"
    store: Path

    @property
    def dao(self) -> "assembly.Assembly":
        return assembly.Assembly(self.w3, self.deployment)

    def propose(self, text: str = "Lower the emission to a half") -> Proposal:
        return self.dao.propose(text=text)

    def open_pool(self, member: int, sigma_bps: int) -> str:
        """Let a member of the Alliance's task take delegators, and return its address; its wallet has gas by then."""
        key = NodeKey.derive(7, member)
        self.bazaar.sender(assembly.LARGE).send(key.address, b"", 21_000, "gas money", value=10**18)
        market = AllianceMarket(self.bazaar.sender(key), self.deployment.address(ALLIANCE_MARKET))
        at = market.member(self.federation.task, key.address)
        assert at is not None
        market.open_pool(self.federation.task, at, sigma_bps)
        return key.address

    def sources(self, indexes: Path) -> Sources:
        """What a console of this stage would show, its indexes new."""
        rpc = Rpc(self.w3)
        feed = MarketFeed(self.deployment, rpc, indexes / "market.db")
        fair = Fair(rpc, open_store(str(self.store), {}), feed)
        alliance = AllianceFeed(self.deployment, NodeBlocks(rpc, self.deployment.alliance), indexes / "alliance.db")
        return Sources({"run": AllianceSource("run", alliance)}, MarketSource("memory://", feed, fair))


@contextmanager
def staged(store: Path, url: str = "memory://") -> Iterator[Stage]:
    """Deploy all of it, list a model with a hostile card, and start a task of seven nodes; two rounds are played."""
    with assembly.assembled(url) as market:
        sender = Sender(market.w3, assembly.DEPLOYER)
        deployment = add_alliance_market(sender, add_alliance(sender, market.deployment, "majority"))
        shop = bazaar.Bazaar(market.w3, deployment)
        shelves = open_store(str(store), {})
        card, lineage = (shelves.put(text.encode()).digest for text in (HOSTILE, '{"format": 1}'))
        shop.models().list(bazaar.MODEL, card, lineage, bazaar.PRICE_WEI, bazaar.TERMS.host_stake_wei)
        shop.accepted(1)
        yield Stage(market.w3, deployment, shop, _federation(market.w3, deployment), store)


def _federation(w3: Web3, deployment: Deployment) -> "players.Federation":
    ledger = Alliance(w3, deployment, players.DEVELOPER)
    task = ledger.create_task(players.task_params(ledger.sender.address, rounds=50), 1000 * WEI_PER_FML)
    federation = players.Federation(ledger, task)
    ledger.send(*(federation.registration(NodeKey.derive(7, index)) for index in range(NODES)))
    ledger.send(Start(task))
    federation.run_round()
    federation.run_round(bad=federation.model.committee.voters)
    return federation


def read_all(sources: Sources) -> None:
    """Follow every chain to its end."""
    for source in sources.followed:
        while follow(source):
            pass
        assert not source.status.trouble, source.status.trouble


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    code: int
    headers: Message
    text: str


def steps(text: str) -> list[tuple[str, bytes]]:
    """Return the calls of a page that asks for a signature: to which address, with which calldata."""
    found = re.findall(r'<li data-to="(0x[0-9a-fA-F]{40})" data-data="0x([0-9a-f]*)">', text)
    return [(to, bytes.fromhex(data)) for to, data in found]


def ask(url: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
    """Ask over HTTP, by POST where there are fields; redirects are followed, errors are answers."""
    body = None if fields is None else urllib.parse.urlencode(fields).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, named)  # noqa: S310  loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as found:  # noqa: S310
            return Answer(found.status, found.headers, found.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read().decode())
