"""What the contracts would refuse once a proposal is executed is refused before anything is staked on it."""

import pytest
from assembly import LARGE, TERMS, Assembly

from fl_alliance.chain.deploy import DAO, MODELS
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.listings import Models
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.governance.actions import Actions
from fl_alliance.governance.errors import ActionRefused

DAY = 86_400


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (["dao.review_s=3599"], "NotWithin.*given 3599, needed 3600 to 2592000"),
        (["dao.vote_s=2592001"], "NotWithin.*needed 3600 to 2592000"),
        (["dao.quorum_percent=51"], "NotWithin.*given 51, needed 0 to 50"),
        ([f"dao.late_s={5 * DAY + 1}"], "given 432001 seconds, needed 432000 at most"),
        (["dao.vote_s=3600", "dao.late_s=3601"], "given 3601 seconds, needed 3600 at most"),
        (["dao.presence_bps=5001"], "BadTerms"),
        (["dao.flag_bps=0"], "BadTerms"),
        (["dao.stake=1000001"], "BadTerms"),
        (["dao.reward=1", "dao.floor=10000001"], "BadTerms"),
    ],
)
def test_terms_that_the_dao_itself_would_refuse_are_refused_beforehand_and_by_it(
    settings: list[str], why: str, dao: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions = Actions(dao.rpc, dao.deployment)
    with pytest.raises(ActionRefused, match=f"the contract would not take it: .*{why}"):
        actions.set(settings)
    monkeypatch.setattr("fl_alliance.governance.rehearsal.Rehearsal.require", lambda *_: None)
    with pytest.raises(ChainError, match=why.rpartition(".*")[2]):
        dao.pass_(*actions.set(settings))


@pytest.mark.parametrize(
    "settings",
    [
        ["dao.vote_s=3600"],  # shorter than its extension, which the setter does not mind
        [f"dao.late_s={6 * DAY}", f"dao.vote_s={7 * DAY}"],
        ["dao.late_s=3000", "dao.vote_s=3600"],
        ["dao.quorum_percent=0", "dao.review_s=2592000", "dao.presence_bps=5000", "dao.flag_bps=1"],
    ],
)
def test_terms_that_the_dao_takes_are_proposed_in_an_order_in_which_it_takes_them(
    settings: list[str], dao: Assembly
) -> None:
    calls = Actions(dao.rpc, dao.deployment).set(settings)
    assert {call.target for call in calls} == {dao.deployment.address(DAO)}
    dao.pass_(*calls)
    for setting in settings:
        with pytest.raises(ActionRefused, match="that it is already"):
            Actions(dao.rpc, dao.deployment).set([setting])


def test_tasks_models_and_documents_that_are_not_there_are_refused_beforehand(dao: Assembly) -> None:
    actions = Actions(dao.rpc, dao.deployment)
    for task in ("arena:1", "alliance:1"):
        with pytest.raises(ActionRefused, match=f"--verify {task}: no such task; there are 0"):
            actions.verify([task], is_verified=True)
    for asked in (
        lambda: actions.expel(["1"]),
        lambda: actions.remove(["1"]),
    ):
        with pytest.raises(ActionRefused, match="the contract would not take it: --"):
            asked()
    sender = Sender(dao.w3, LARGE)
    Models(sender, dao.deployment).list(bytes(range(32)), bytes(32), bytes(32), 1, 1_000 * WEI_PER_FML)
    [call] = actions.expel(["1"])
    assert call.target == dao.deployment.address(MODELS)
    with pytest.raises(ActionRefused, match="--expel 1: given twice"):
        actions.expel(["1", "1"])


def test_nothing_is_sent_by_trying(dao: Assembly) -> None:
    before = dao.rpc.number("eth_blockNumber")
    Actions(dao.rpc, dao.deployment).set(["dao.stake=1", "dao.vote_s=3600"])
    assert dao.rpc.number("eth_blockNumber") == before
    assert dao.view.terms().stake_wei == TERMS.stake_wei
