"""What a wallet is asked to sign is what the page says, and what the command would do; the rest is refused early."""

import re
import shlex
from html import unescape
from importlib import import_module
from typing import TYPE_CHECKING

import assembly
import console_stage
import pytest
from console_stage import steps

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.codec import interface
from fl_alliance.chain.dao import Appearance, Support
from fl_alliance.chain.deploy import DAO, MODELS, REVENUE, TOKEN, VOTES
from fl_alliance.chain.stages import Stage
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.market.units import duration

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


def signed(console: "Console", key: NodeKey, answer: "console_stage.Answer") -> None:
    """Send what a page asks for, one call after the other, as a wallet would."""
    assert answer.code == 200, answer.text
    for to, data in steps(answer.text):
        console.stage.bazaar.sender(key).send(to, data, 2_000_000, "as the wallet would")


def test_locked_fml_are_asked_back_and_taken_when_they_have_waited(console: "Console") -> None:
    account, lock = LARGE.address, console.stage.dao.by(LARGE).votes
    asked = console.post("/sign/unlock", amount="1000", account=account)
    text = unescape(asked.text)
    assert "of the 600,000.0000 FML back" in text
    assert f"They can be taken {duration(assembly.TERMS.unlock_s)} later." in text
    assert "fl-alliance dao unlock 1000" in text
    signed(console, LARGE, asked)
    assert lock.locked_wei == 599_000 * WEI_PER_FML
    early = unescape(console.post("/sign/withdraw", account=account).text)
    assert "It is too early" in early
    assert "NotUnlocked" in early
    console.stage.dao.wait(assembly.TERMS.unlock_s)
    held_wei = console.stage.bazaar.balance(LARGE)
    signed(console, LARGE, console.post("/sign/withdraw", account=account))
    assert console.stage.bazaar.balance(LARGE) - held_wei == 1_000 * WEI_PER_FML


def test_who_proposed_takes_it_back_with_its_stake_and_nobody_else_may(console: "Console") -> None:
    proposal = console.stage.propose()
    author = assembly.PROPOSER
    assert "GovernorUnableToCancel" in console.post("/sign/cancel", proposal="1", account=STRANGER.address).text
    held_wei = console.stage.bazaar.balance(author)
    signed(console, author, console.post("/sign/cancel", proposal="1", account=author.address))
    assert console.stage.dao.view.stage(proposal.number) is Stage.CANCELED
    assert console.stage.bazaar.balance(author) - held_wei == console.stage.dao.view.terms().stake_wei


def test_a_proposal_is_made_from_a_page_and_shows_what_its_calls_do(console: "Console") -> None:
    fields = {
        "text": 'Cheaper proposals,\r\nand an audit\'s pay: "50"',
        "name1": "dao.stake",
        "value1": "1000",
        "name3": "market.release_s",
        "value3": "86400",
        "verify": "alliance:1",
        "to": STRANGER.address,
        "amount": "50",
        "account": LARGE.address,
    }
    answer = console.post("/sign/propose", **fields)
    text = unescape(answer.text)
    for words in (
        "Once executed, it sets dao.stake to 1,000.0000 FML (now ",
        f"Once executed, it sets market.release_s to {duration(86_400)} (now ",
        "Once executed, it has the emission pay task 1 of AllianceMarket.",
        f"Once executed, it pays 50.0000 FML from the treasury to {STRANGER.address}",
        "which are lost if holders condemn it",
    ):
        assert words in text, words
    command = re.search("<pre><code>(.*?)</code></pre>", answer.text, re.DOTALL)
    assert command is not None
    words = shlex.split(unescape(command[1]))
    parsed = import_module("fl_alliance.cli.dao.propose").parser().parse_args(words[3:])
    assert parsed.text == 'Cheaper proposals,\nand an audit\'s pay: "50"'
    assert (parsed.set, parsed.verify) == (["dao.stake=1000", "market.release_s=86400"], ["alliance:1"])
    signed(console, LARGE, answer)
    (proposal,) = console.stage.dao.view.proposals()
    assert proposal.description == parsed.text
    assert len(proposal.calls) == 6  # each of the two terms has a check before it that it is as it was
    console.read()
    assert "sets dao.stake to 1,000.0000 FML" in unescape(console.get("/dao/1").text)


def test_delegating_to_a_member_of_the_alliance_and_back(console: "Console") -> None:
    node = console.stage.open_pool(2, 1_500)
    console.read()
    page = unescape(console.get("/alliance/run/1").text)
    assert "keeps 15.0 %" in page
    assert 'name="task" value="alliance:1"' in page
    fields = {"task": "alliance:1", "node": node, "account": LARGE.address, "back": "/alliance/run/1"}
    answer = console.post("/sign/delegate", **fields, amount="250")
    assert f"fl-alliance arena delegate alliance:1 {node} 250" in answer.text
    assert "are not slashed there" in answer.text
    assert 'data-back="/alliance/run/1"' in answer.text
    signed(console, LARGE, answer)
    console.read()
    assert "250.00" in console.get("/alliance/run/1").text
    back = console.post("/sign/undelegate", **fields)
    assert "Asks for all" in back.text
    signed(console, LARGE, back)
    away = {**fields, "back": "//evil.example/", "node": STRANGER.address}
    refused = console.post("/sign/delegate", **away, amount="1")
    assert "takes no delegators in task 1 of FL Alliance" in refused.text
    elsewhere = console.post("/sign/undelegate", **{**fields, "back": "//evil.example/"})
    assert 'data-back="/alliance"' in elsewhere.text


def test_a_rating_is_the_call_that_the_page_tells(console: "Console") -> None:
    (step,) = steps(console.post("/sign/rate", model="1", stars="4").text)
    assert called(console, MODELS, "rate", step) == (1, 4)


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("vote", {"proposal": "1", "support": "maybe"}, "support='maybe': needs one of against, for, abstain"),
        ("vote", {"proposal": "9", "support": "for"}, "no proposal 9"),
        ("vote", {"proposal": "-1", "support": "for"}, "proposal='-1': needs a whole number"),
        ("vote", {"proposal": "1", "support": "for"}, "needed: in its general meeting"),
        ("appear", {"proposal": "1", "how": "none"}, "needs present, scam or frivolous"),
        ("lock", {"amount": "0"}, "needs more than 0 FML"),
        ("lock", {"amount": "1e30"}, "needs at most"),
        ("lock", {"amount": "<b>"}, "needs an amount of FML"),
        ("lock", {"amount": "5", "account": "0x12"}, "account='0x12': needs the address"),
        ("rate", {"model": "1", "stars": "6"}, "stars=6: needs 1 to 5"),
        ("delegate", {"task": "1", "node": LARGE.address, "amount": "5"}, "needs the address that signs"),
        ("unlock", {"amount": "600001", "account": LARGE.address}, "has locked 600,000.0000 FML, needs that at most"),
        ("withdraw", {"account": LARGE.address}, "has asked nothing back"),
        ("cancel", {"proposal": "9"}, "no proposal 9"),
        ("propose", {"text": "Nothing", "account": LARGE.address}, "no action: needs a parameter"),
        ("propose", {"text": " ", "verify": "arena:1", "account": LARGE.address}, "text: has 0 characters"),
        ("propose", {"text": "x", "name1": "dao.stake"}, "needs both a name and a value"),
        ("propose", {"text": "x", "to": LARGE.address}, "needs both an account, or gauges, and an amount"),
        ("propose", {"text": "x", "name1": "dao.stack", "value1": "1"}, "no such parameter"),
        ("propose", {"text": "x", "name1": "dao.stake", "value1": "1"}, "needs the address that signs"),
        ("propose", {"text": "x", "verify": "arena:1"}, "no such task; there are 0"),
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
