"""A deployed Alliance on each kind of chain, and makers of federations on it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import players
import pytest

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.connect import close, connect
from fl_alliance.chain.deploy import Deployment, deploy
from fl_alliance.chain.errors import AnvilMissing
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.steps import Start
from fl_alliance.chain.types import WEI_PER_FML, CandidateTerms

if TYPE_CHECKING:
    from web3 import Web3


@dataclass(frozen=True)
class Site:
    """A chain with the contracts of both rules on it, each with a token of its own."""

    w3: "Web3"
    deployment: Deployment
    candidates: Deployment


@pytest.fixture(scope="session", params=["memory", "file", pytest.param("anvil", marks=pytest.mark.anvil)])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The Alliance, deployed once on each kind of chain."""
    path = tmp_path_factory.mktemp("chain") / "chain.db"
    url = {"memory": "memory://", "file": f"file://{path}", "anvil": "anvil://"}[request.param]
    try:
        w3 = connect(url)
    except AnvilMissing as missing:
        pytest.skip(str(missing))
    sender = Sender(w3, players.DEVELOPER)
    yield Site(w3, deploy(sender), deploy(sender, rule="candidates"))
    close(w3)


@pytest.fixture
def anchored(site: Site) -> Iterator[Site]:
    """The same, put back afterwards to where it was."""
    snapshot = site.w3.provider.make_request("evm_snapshot", [])["result"]  # type: ignore[arg-type]
    yield site
    site.w3.provider.make_request("evm_revert", [snapshot])  # type: ignore[arg-type]


Found = Callable[..., "players.Federation"]


@pytest.fixture
def found(anchored: Site) -> Found:
    """Return a maker of federations: a task of so many nodes, started unless told otherwise.

    With `terms` it judges candidates.
    """

    def make(
        nodes: int = 7,
        start: bool = True,
        pool_wei: int = 1000 * WEI_PER_FML,
        terms: CandidateTerms | None = None,
        **changes: object,
    ) -> "players.Federation":
        ledger = Alliance(anchored.w3, anchored.candidates if terms else anchored.deployment, players.DEVELOPER)
        task = ledger.create_task(players.task_params(ledger.sender.address, **changes), pool_wei, terms)
        federation = (players.CandidateFederation if terms else players.Federation)(ledger, task)
        if nodes:
            keys = [NodeKey.derive(7, index) for index in range(nodes)]
            ledger.send(*(federation.registration(key) for key in keys))
        if start:
            ledger.send(Start(task))
        return federation

    return make


@pytest.fixture(scope="session")
def enrol() -> Callable[["Web3"], "players.Federation"]:
    """Return what deploys on a chain of the caller's and enrols five nodes in a started task."""

    def make(w3: "Web3") -> "players.Federation":
        ledger = Alliance(w3, deploy(Sender(w3, players.DEVELOPER)), players.DEVELOPER)
        federation = players.Federation(
            ledger, ledger.create_task(players.task_params(ledger.sender.address), 1000 * WEI_PER_FML)
        )
        ledger.send(*(federation.registration(NodeKey.derive(7, index)) for index in range(5)))
        ledger.send(Start(federation.task))
        return federation

    return make
