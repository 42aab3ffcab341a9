"""What a wallet is asked to sign is what the page says, and what the command would do; the rest is refused early."""

from html import unescape
from typing import TYPE_CHECKING

import assembly
import pytest
from console_stage import steps

from fl_alliance.chain.codec import interface
from fl_alliance.chain.dao import Appearance, Stage, Support
from fl_alliance.chain.deploy import DAO, MODELS, REVENUE, TOKEN, VOTES
from fl_alliance.chain.types import WEI_PER_FML

if TYPE_CHECKING:
    from conftest import Console

LARGE, STRANGER = assembly.LARGE, assembly.STRANGER


def called(console: "Console", contract: str, name: str, step: tuple[str, bytes]) -> tuple[object, ...]:
    """The arguments of a call, after making sure that it is this one."""
    deployment = console.stage.deployment
    assert step[0] == (deployment.fml if contract == TOKEN else deployment.address(contract))
    function = interface(contract).functions[name]
    assert step[1][:4] == function.selector
    return function.decode(step[1])


def test_a_vote_is_the_call_that_the_page_tells_and_the_command_makes(console: "Console") -> None:
    proposal = console.stage.dao.meet()
    console.read()
    answer = console.post("/sign/vote", proposal="1", support="against", account=LARGE.address)
    (step,) = steps(answer.text)
    assert called(console, DAO, "castVote", step) == (proposal.number, Support.AGAINST)
    text = unescape(answer.text)
    assert "Votes against on proposal 1." in text
    assert "Once executed, it sets emission.schedule_bps to 50 % (now 100 %)." in text
    assert f"{LARGE.address} votes with 600,000.0000 FML" in text
    assert "fl-alliance dao vote 1 against" in text
    assert "would refuse" not in text
    console.stage.bazaar.sender(LARGE).send(step[0], step[1], 400_000, "as the wallet would")
    assert console.stage.dao.view.tally(proposal.number).against_wei == 600_000 * WEI_PER_FML


def test_what_the_chain_would_refuse_is_told_before_it_is_signed(console: "Console") -> None:
    dao = console.stage.dao
    proposal = dao.meet()
    dao.by(LARGE).vote(proposal.number, Support.FOR)
    console.read()
    again = unescape(console.post("/sign/vote", proposal="1", support="for", account=LARGE.address).text)
    assert "the chain would refuse this now: Dao: reverted: GovernorAlreadyCastVote" in again
    rated = unescape(console.post("/sign/rate", model="1", stars="5", account=STRANGER.address).text)
    assert "NotCaller" in rated


def test_every_stage_of_a_proposal_has_its_call(console: "Console") -> None:
    dao = console.stage.dao
    proposal = console.stage.propose()
    for how in ("present", "scam", "frivolous"):
        (step,) = steps(console.post("/sign/appear", proposal="1", how=how).text)
        assert called(console, DAO, "appear", step) == (proposal.number, Appearance[how.upper()])
    dao.by(LARGE).appear(proposal.number, Appearance.PRESENT)
    dao.wait(assembly.TERMS.review_s)
    dao.by(LARGE).vote(proposal.number, Support.FOR)
    dao.wait(assembly.TERMS.vote_s)
    for name, wait_s, stage in (("queue", assembly.TERMS.delay_s, Stage.QUEUED), ("execute", 0, Stage.EXECUTED)):
        ((to, data),) = steps(console.post(f"/sign/{name}", proposal="1", account=STRANGER.address).text)
        console.stage.bazaar.sender(STRANGER).send(to, data, 12_000_000, name)
        assert dao.view.stage(proposal.number) is stage
        dao.wait(wait_s)
    ((to, data),) = steps(console.post("/sign/settle", proposal="1", account=STRANGER.address).text)
    console.stage.bazaar.sender(STRANGER).send(to, data, 400_000, "settle")
    assert dao.view.review(proposal.number).is_settled
    console.read()
    assert "/sign/" not in console.get("/dao/1").text


@pytest.mark.parametrize(("action", "contract", "function"), [("lock", VOTES, "lock"), ("deposit", REVENUE, "deposit")])
def test_what_takes_fml_is_allowed_exactly_as_much(
    console: "Console", action: str, contract: str, function: str
) -> None:
    allowed, taken = steps(console.post(f"/sign/{action}", amount="12.5").text)
    amount_wei = 25 * WEI_PER_FML // 2
    to = console.stage.deployment.address(contract)
    spender, value = called(console, TOKEN, "approve", allowed)
    assert (str(spender).lower(), value) == (to.lower(), amount_wei)
    assert called(console, contract, function, taken) == (amount_wei,)


def test_a_rating_is_the_call_that_the_page_tells(console: "Console") -> None:
    (step,) = steps(console.post("/sign/rate", model="1", stars="4").text)
    assert called(console, MODELS, "rate", step) == (1, 4)


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("vote", {"proposal": "1", "support": "maybe"}, "support='maybe': needs one of against, for, abstain"),
        ("vote", {"proposal": "9", "support": "for"}, "no proposal 9"),
        ("vote", {"proposal": "-1", "support": "for"}, "proposal='-1': needs a whole number"),
        ("vote", {"proposal": "1", "support": "for"}, "proposal 1 is pending, needed active"),
        ("appear", {"proposal": "1", "how": "none"}, "needs present, scam or frivolous"),
        ("lock", {"amount": "0"}, "needs more than 0 FML"),
        ("lock", {"amount": "1e30"}, "needs at most"),
        ("lock", {"amount": "<b>"}, "needs an amount of FML"),
        ("lock", {"amount": "5", "account": "0x12"}, "account='0x12': needs the address"),
        ("rate", {"model": "1", "stars": "6"}, "stars=6: needs 1 to 5"),
        ("delegate", {"task": "1", "node": LARGE.address, "amount": "5"}, "needs the address that signs"),
        ("steal", {}, "steal: no such action"),
    ],
)
def test_what_cannot_be_signed_is_refused_with_what_is_needed(
    console: "Console", action: str, fields: dict[str, str], said: str
) -> None:
    console.stage.propose()
    answer = console.post(f"/sign/{action}", **fields)
    assert answer.code == 400
    assert said.lower() in unescape(answer.text).lower()
    assert not steps(answer.text)


def test_what_became_of_a_transaction_is_told_with_the_reason(console: "Console") -> None:
    sender = console.stage.bazaar.sender(LARGE)
    done = sender.send(
        console.stage.deployment.fml,
        interface(TOKEN).functions["approve"].encode((STRANGER.address, 1)),
        100_000,
        "approve",
    )
    assert '"state":"done"' in console.get(f"/receipts/{done.tx_hash}").text
    assert console.get(f"/receipts/0x{'ab' * 32}").text == '{"state":"waiting"}'
    assert console.get("/receipts/0xzz").code == 404
