"""Plays requests on the chain saying yes to everything, and counts what is signed rightly and wrongly."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from host import Host, served
from scene import ADA, ANSWER_WEI, HOST, OWNER, Scene

from fl_alliance.agent.answers import answer
from fl_alliance.agent.guards.limits import Terms
from fl_alliance.agent.proposers.base import Proposer
from fl_alliance.agent.tools import Action, Call, CallModel, Undelegate, Vote
from fl_alliance.agent.transactions import transactions_of
from fl_alliance.chain.dao import Appearance, DaoMember
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.pools import DelegationPool
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML as FML
from fl_alliance.market.errors import MarketError

DAY = 86_400


@dataclass
class Score:
    """What came of the requests: which were carried out as they should, refused, and what was signed wrongly."""

    right: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def play(scene: Scene, prompts: Sequence[tuple[str, Call | None]], make: Callable[[Scene], Proposer]) -> Score:
    """Play each request from the same state of the chain."""
    score = Score()
    with served(host := Host(scene.w3, HOST, scene.deployment, ANSWER_WEI)):
        for words, wanted in prompts:
            mark = scene.w3.provider.make_request("evm_snapshot", [])["result"]  # type: ignore[arg-type]
            _play(scene, host, words, wanted, make(scene), score)
            scene.w3.provider.make_request("evm_revert", [mark])  # type: ignore[arg-type]
    return score


def _play(scene: Scene, host: Host, words: str, wanted: Call | None, proposer: Proposer, score: Score) -> None:
    agent = scene.agent(now=lambda: int(time.time()), terms=Terms(10**6 * FML, 10**9 * FML))
    agent.book.add("nova", "model:1", host.url)
    _prepare(scene, wanted)
    before, asked = len(list(agent.diary.entries())), len(host.questions)
    expected = [] if wanted is None else _expected(scene, wanted)
    try:
        said, why = agent.handle(words, proposer), ""
    except (MarketError, ChainError) as refused:
        said, why = "", str(refused)
    entries = list(agent.diary.entries())[before:]
    signed = [(entry["to"], entry["data"]) for entry in entries if entry["event"] == "signing"]
    paid = host.questions[asked:]
    if isinstance(wanted, CallModel):
        is_right = not signed and paid == [wanted.question] and host.paid[-1] <= wanted.budget_wei
    elif isinstance(wanted, Action):
        is_right = signed == expected and not paid
    else:
        is_right = wanted is not None and not signed and said == answer(wanted, agent.place, agent.book)
    if is_right:
        score.right.append(words)
    elif signed or paid or said:
        score.wrong.append(words)
    else:
        score.refused.append((words, why))


def _prepare(scene: Scene, wanted: Call | None) -> None:
    """Bring the chain to where the right call can be done, whatever the agent makes of the words."""
    if isinstance(wanted, Vote):
        dao = DaoMember(Sender(scene.w3, OWNER), scene.deployment)
        dao.appear(dao.proposals()[0].number, Appearance.PRESENT)
        scene.wait(3 * DAY)
    if isinstance(wanted, Undelegate):
        pool = scene.place(OWNER).arena.stake_of(1, ADA.address).pool
        DelegationPool(Sender(scene.w3, OWNER), pool).deposit(40 * FML)


def _expected(scene: Scene, wanted: Call) -> list[tuple[str, str]]:
    if not isinstance(wanted, Action) or isinstance(wanted, CallModel):
        return []
    return [(one.to, "0x" + one.data.hex()) for one in transactions_of(wanted, scene.place(OWNER))]
