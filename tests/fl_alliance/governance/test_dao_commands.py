"""The whole path of the DAO by commands, on each kind of chain: from a proposal to what it changed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from council import DAY, HOLDER, PROPOSER, RIVAL, Desk

from fl_alliance.chain.alliance_refusals import UnknownTask
from fl_alliance.chain.bound import BoundContract
from fl_alliance.chain.connect import connected
from fl_alliance.chain.dao_refusals import Stopped
from fl_alliance.chain.deploy import Deployment, add_alliance
from fl_alliance.chain.listings import Models
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.keys import development_key

PAYEE = development_key(7).address
STRANGER = "0x00000000000000000000000000000000000000AA"


def test_a_proposal_is_staked_reviewed_voted_on_delayed_and_executed(desk: Desk) -> None:
    proposed = desk.dao(
        *("propose", "Pay by the root, and an audit", "--set", "emission.power_halves=1", "--spend", PAYEE, "25.5"),
        by=PROPOSER,
    )
    assert "it sets emission.power_halves to stake^0.5 (now stake^1)" in proposed
    assert f"it pays 25.5000 FML from the treasury to {PAYEE}; it holds 1,000,000.0000 FML" in proposed
    assert "stakes 10,000.0000 FML" in proposed
    early = desk.dao("vote", "1", "for", by=HOLDER, code=2)
    assert "proposal 1: in review, for " in early
    assert "; needed: in its general meeting; see" in early
    attended = desk.dao("attend", "1", by=HOLDER)
    assert "sets emission.power_halves" in attended
    assert "wait; you have appeared as present" in desk.dao("status", "1", by=HOLDER)
    desk.wait(3 * DAY)
    assert "votes for with 500,000.0000 FML" in desk.dao("vote", "1", "for", by=HOLDER)
    assert "had nothing locked" in desk.dao("vote", "1", "for", by=RIVAL, code=2)
    assert "has voted on proposal 1: once only" in desk.dao("vote", "1", "against", by=HOLDER, code=2)
    desk.wait(5 * DAY)
    assert "proposal 1: passed; needed: in the time lock" in desk.dao("execute", "1", code=2)
    assert "next: fl-alliance dao queue 1" in desk.dao("status")
    assert "can be executed in 2 d" in desk.dao("queue", "1")
    assert "can be executed in" in desk.dao("execute", "1", code=2)
    desk.wait(2 * DAY)
    assert "has its stake back, and a reward of 2,000.0000 FML" in desk.dao("execute", "1")
    [found] = json.loads(desk.dao("status", "1", "--json"))
    assert (found["stage"], found["is_settled"], found["for_wei"]) == ("executed", True, str(500_000 * 10**18))
    assert found["does"][0].endswith(", as it is now")
    assert "nothing, it is over" in desk.dao("status", "1")
    assert "has gone where it belongs" in desk.dao("settle", "1", code=2)
    recounted = "1 proposal of the DAO recounted from 1 appearance and 1 vote: 1 executed; 0 FML of stakes held"
    assert recounted in desk.audited()


def test_who_has_no_say_in_a_proposal_is_told_before_anything_is_signed(desk: Desk) -> None:
    def refused(*words: str, by: int) -> str:
        """What is refused without a yes, and so before the account was asked for one."""
        return desk.said(2, "dao", *words, by=by)

    desk.dao("propose", "An audit", "--spend", PAYEE, "1000001", by=PROPOSER)
    assert "which is too little now" in desk.dao("status", "1")
    second = refused("propose", "Another", "--set", "dao.stake=1", by=PROPOSER)
    assert "has proposal 1 (in review, for " in second
    assert "one at a time" in second
    assert "fl-alliance dao cancel 1" in second
    assert "had nothing locked when proposal 1 was made" in refused("attend", "1", by=RIVAL)
    assert f"of {development_key(PROPOSER).address}: its author alone" in refused("cancel", "1", by=RIVAL)
    assert "; needed: over; see" in refused("settle", "1", by=RIVAL)
    desk.dao("attend", "1", by=HOLDER)
    assert "as present: once only" in refused("flag", "1", "scam", by=HOLDER)
    desk.wait(DAY * 2 + DAY // 2)
    desk.dao("lock", "1000", by=RIVAL)
    assert "no say in it" in refused("flag", "1", "frivolous", by=RIVAL)
    desk.dao("cancel", "1", by=PROPOSER)
    desk.wait(60)
    desk.dao("propose", "Once more", "--spend", PAYEE, "5", by=PROPOSER)
    desk.dao("flag", "2", "scam", by=RIVAL)
    assert "was flagged: it cannot be taken back" in refused("cancel", "2", by=PROPOSER)
    desk.wait(DAY * 2 + DAY // 2)
    assert " ago: the last third of a review" in refused("flag", "2", "scam", by=HOLDER)


def test_a_proposal_that_cannot_be_executed_is_refused_before_anything_is_signed(desk: Desk) -> None:
    desk.dao("propose", "Too much", "--spend", PAYEE, "1000001", by=PROPOSER)
    desk.dao("attend", "1", by=HOLDER)
    desk.wait(3 * DAY)
    desk.dao("vote", "1", "for", by=HOLDER)
    desk.wait(5 * DAY)
    desk.dao("queue", "1")
    desk.wait(2 * DAY)
    assert "ERC20InsufficientBalance" in desk.said(2, "dao", "execute", "1")


def test_a_scam_is_flagged_and_its_author_loses_the_stake(desk: Desk) -> None:
    desk.dao("propose", "Nothing\x1b[2J to see", "--spend", STRANGER, "1000000", by=PROPOSER)
    shown = desk.dao("flag", "1", "scam", by=HOLDER)
    assert '"Nothing [2J to see"' in shown
    assert "pays 1,000,000.0000 FML from the treasury" in shown
    assert "condemned" in desk.dao("status")
    assert "was flagged: it cannot be taken back" in desk.dao("cancel", "1", by=PROPOSER, code=2)
    desk.wait(3 * DAY)
    assert "went to the treasury: holders condemned it" in desk.dao("settle", "1")
    assert "1 proposal of the DAO recounted from 1 appearance and 0 votes: 1 defeated" in desk.audited()


def test_a_guardian_stops_what_an_alliance_over_the_same_token_takes_in(desk: Desk) -> None:
    """`dao deploy` named the brake at the token; the Alliance was deployed by somebody else, and after it."""
    fund = ("fund", 1, WEI_PER_FML)
    with connected(desk.url) as w3:
        sender = Sender(w3, development_key(RIVAL))
        alliance = add_alliance(sender, Deployment.load(Path("market/market.json")), "majority")
        bound = BoundContract(sender, alliance.contract, alliance.alliance)
        with pytest.raises(UnknownTask):
            bound.send(200_000, *fund)
    assert "paused for 14 d" in desk.dao("pause")
    with connected(desk.url) as w3:
        bound = BoundContract(Sender(w3, development_key(RIVAL)), alliance.contract, alliance.alliance)
        with pytest.raises(Stopped, match="until second"):
            bound.send(200_000, *fund)


def test_holders_pay_a_model_from_the_treasury_by_their_votes(desk: Desk) -> None:
    with connected(desk.url) as w3:
        host = Models(Sender(w3, development_key(RIVAL)), Deployment.load(Path("market/market.json")))
        host.list(bytes(range(32)), bytes(32), bytes(32), 1, 1_000 * WEI_PER_FML)
    desk.dao("lock", "1000", by=RIVAL)
    desk.pass_("A budget for models", "--spend", "gauges", "10000")
    desk.wait(7 * DAY)
    assert "you have not voted" in desk.dao("gauge", by=HOLDER)
    assert "does not vote for it" in desk.dao("gauge", "--give", "model:1", "25", by=RIVAL, code=2)
    desk.dao("gauge", "--give", "model:1", "25", by=HOLDER)
    assert "model:1: 125,000.0000 FML this week, 100.0 % of its kind" in desk.dao("gauge", by=HOLDER)
    desk.wait(7 * DAY)
    assert "last week 30 % counted; apply what is due" in desk.dao("gauge")
    assert "note: the last week's gauge votes are not applied to model 1\n" in desk.audited()
    assert "model:1 was paid 3,000.0000 FML into its till" in desk.dao("gauge", "--apply")
    assert "nothing is due" in desk.dao("gauge", "--apply")
    audited = desk.audited()
    assert "1 gauge vote recounted, and what they moved" in audited
    assert "not applied" not in audited


def test_a_mistake_is_one_line_and_nothing_is_signed(desk: Desk) -> None:
    def refused(*words: str, by: int | None = PROPOSER) -> str:
        return desk.dao(*words, by=by, code=2)

    assert "no such parameter; there are emission.schedule_bps" in refused("propose", "x", "--set", "dao.size=1")
    assert "that it is already" in refused("propose", "x", "--set", "dao.review_s=259200")
    assert "seconds of a review" in refused("propose", "x", "--set", "dao.review_s=soon")
    assert "seconds of a review" in refused("propose", "x", "--set", "dao.review_s=-1")
    too_deep = refused("propose", "x", "--set", "emission.power_halves=77")
    assert "the contract would not take it" in too_deep
    assert "BadParameter" in too_deep
    assert "dao.stake is set twice" in refused("propose", "x", "--set", "dao.stake=1", "--set", "dao.stake=2")
    assert "such as arena:1" in refused("propose", "x", "--verify", "1")
    assert "AllianceMarket" in refused("propose", "x", "--verify", "alliance:1")
    assert "needs a text" in refused("propose", "x")
    assert "needs more than 0 FML" in refused("propose", "x", "--spend", PAYEE, "0")
    assert "needs an account's address" in refused("propose", "x", "--spend", "0x12", "1")
    assert "ERC20InvalidReceiver" in refused("propose", "x", "--spend", f"0x{0:040x}", "1")
    assert "needed 0 to 50" in refused("propose", "x", "--set", "dao.quorum_percent=51")
    assert "there is none yet" in refused("vote", "1", "for")
    assert "there is a DAO already" in refused("deploy", by=None)
    assert "has asked nothing back" in refused("unlock")
    assert "needed that at most" in refused("unlock", "5")
    assert "NotAllowed" in refused("pause")
    assert "needs a model's number" in refused("propose", "x", "--expel", "first")
    assert "needs a document's number" in refused("propose", "x", "--remove", "0")
    assert "such as arena:1, alliance:1 or model:1" in refused("gauge", "--give", "1", "5")
    assert "needs percent of your votes" in refused("gauge", "--give", "arena:1", "some")
    assert "needs percent of your votes" in refused("gauge", "--give", "arena:1", "101")
    assert "one of them at a time" in refused("gauge", "--give", "arena:1", "5", "--apply")
    assert "had nothing locked when this week began" in refused("gauge", "--give", "arena:1", "5")
    assert "nothing is due" in desk.dao("gauge", "--apply")
    assert "nothing to vote for: no task is verified" in desk.dao("gauge")
    assert "no proposal yet" in desk.dao("status")
    assert "needed a proposal's number" in desk.dao("status", "\u0661", code=2)
    asked = desk.said(2, "dao", "propose", "x", "--set", "dao.stake=1", by=PROPOSER)
    assert "nobody is at a terminal to say yes" in asked
    assert "no proposal yet" in desk.dao("status")


def test_locked_fml_come_back_and_the_guardian_pauses(desk: Desk) -> None:
    assert "can be taken in 7 d" in desk.dao("unlock", "1000", by=HOLDER)
    assert "can be taken in" in desk.dao("unlock", by=HOLDER)
    desk.wait(7 * DAY)
    assert "1,000.0000 FML came back" in desk.dao("unlock", by=HOLDER)
    assert "stopped" not in desk.dao("status")
    assert "paused for 14 d" in desk.dao("pause")
    assert "has stopped what mints or brings money in, for 1" in desk.dao("status")
    assert "Resting" in desk.dao("pause", code=2)


@pytest.mark.parametrize("answer", ["n", ""])
def test_who_does_not_say_yes_signs_nothing(answer: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    assert "not signed" in desk.said(2, "dao", "lock", "5", by=PROPOSER)
    accept: Callable[[str], str] = lambda _: "yes"  # noqa: E731
    monkeypatch.setattr("builtins.input", accept)
    assert "locked 5.0000 FML" in desk.said(0, "dao", "lock", "5", by=PROPOSER)
