"""What each tool does on the chain, asked for in plain words and proposed by the parser."""

import pytest
from scene import ADA, EVE, HOST, OWNER, Scene

from fl_alliance.agent.errors import LimitExceeded, NotUnderstood, Unconfirmed, WouldFail
from fl_alliance.agent.guards.limits import Terms
from fl_alliance.agent.tools import Vote
from fl_alliance.agent.transactions import transactions_of
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.dao import Appearance, DaoMember, Support, Tally
from fl_alliance.chain.pools import DelegationPool
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML as FML

DAY = 86_400


def done(scene: Scene, words: str) -> str:
    return scene.agent().handle(words, scene.parser())


def test_a_transfer_moves_exactly_the_amount_and_shows_what_its_bytes_say(scene: Scene) -> None:
    mine, hers = scene.balance(OWNER), scene.balance(ADA)
    assert "transaction 0x" in done(scene, "Please send 5.25 FML to Ada.")
    assert (mine - scene.balance(OWNER), scene.balance(ADA) - hers) == (21 * FML // 4, 21 * FML // 4)
    [lines] = scene.asked
    assert lines[0] == f"sends 5.25 FML to {ADA.address} (ada in your address book), for good"
    assert "the network takes at most" in lines[1]


def test_an_address_in_the_words_needs_no_name(scene: Scene) -> None:
    before = scene.balance(HOST)
    done(scene, f"pay {HOST.address} 1 FML")
    assert scene.balance(HOST) == before + FML


def test_a_stake_takes_its_allowance_and_no_more(scene: Scene) -> None:
    scene.agent(terms=Terms(200 * FML, 500 * FML))
    done(scene, "stake 100 FML on task 1")
    arena = Arena(Sender(scene.w3, OWNER), scene.deployment.arena)
    assert arena.my(1).own_wei == 100 * FML
    assert arena.token.allowance_wei(arena.address) == 0
    assert [line.split()[0] for line in scene.asked[0]] == ["lets", "stakes", "the"]
    done(scene, "stake 0.5 FML in glucose-1")
    assert arena.my(1).own_wei == 201 * FML // 2


def test_delegated_fml_are_asked_back_and_taken(scene: Scene) -> None:
    done(scene, "Delegate 40 FML to ada in task 1")
    arena = Arena(Sender(scene.w3, OWNER), scene.deployment.arena)
    pool = DelegationPool(Sender(scene.w3, OWNER), arena.stake_of(1, ADA.address).pool)
    assert abs(pool.worth_wei - 40 * FML) <= 1
    assert "shares behind" in done(scene, "take my FML back from ada in task 1")
    with pytest.raises(WouldFail, match="asked for already"):
        done(scene, "undelegate from ada in task 1")
    scene.wait(7 * DAY)
    before = scene.balance(OWNER)
    assert "back into your account" in done(scene, "undelegate from ada in task 1")
    assert abs(scene.balance(OWNER) - before - 40 * FML) <= 1


def test_a_proposal_is_attended_and_voted_on_and_its_calls_are_shown(scene: Scene) -> None:
    dao = DaoMember(Sender(scene.w3, OWNER), scene.deployment)
    [proposal] = dao.proposals()
    done(scene, "sign in to the review of proposal 1")
    assert dao.appearance(proposal.number, OWNER.address) is Appearance.PRESENT
    assert "sets emission.schedule_bps to 50 %" in scene.asked[-1][0]
    with pytest.raises(WouldFail, match="GovernorUnexpectedProposalState"):
        done(scene, "vote yes on proposal 1")
    scene.wait(3 * DAY)
    done(scene, "my vote on proposal 1 is no")
    assert dao.tally(proposal.number) == Tally(600_000 * FML, 0, 0)
    assert Support.AGAINST.name in scene.asked[-1][0]


def test_an_empty_ballot_is_not_cast(scene: Scene) -> None:
    """The contract would take it, and no other one after it."""
    scene.wait(3 * DAY + 1)
    with pytest.raises(WouldFail, match="had nothing locked when the general meeting began"):
        transactions_of(Vote(1, Support.FOR), scene.place(HOST))
    assert len(transactions_of(Vote(1, Support.FOR), scene.place(OWNER))) == 1


def test_what_reads_signs_nothing(scene: Scene) -> None:
    before = scene.sent()
    assert done(scene, "balance") == f"{OWNER.address} has 400000 FML"
    assert done(scene, "how much FML does eve have?") == "eve has 750000 FML"
    assert "costs 0.5 FML a call" in done(scene, "what does a call of nova cost?")
    assert scene.sent() == before
    assert scene.asked == []


def test_without_yes_nothing_is_signed_or_counted(scene: Scene) -> None:
    before = scene.sent()
    agent = scene.agent(says=lambda _: False)
    with pytest.raises(Unconfirmed):
        agent.handle("send 5 FML to ada", scene.parser())
    assert scene.sent() == before
    assert agent.limits.spent(agent.now())[0] == 0


def test_what_the_chain_would_refuse_is_not_signed(scene: Scene) -> None:
    before = scene.sent()
    scene.agent(terms=Terms(10**9 * FML, 10**9 * FML))
    for words, why in {
        "send 500000 FML to ada": "holds 400000 FML",
        "stake 5 FML on task 1": "StakeTooLow",
        "stake 100 FML on task 9": "UnknownTask",
        "delegate 5 FML to eve in task 1": "takes no delegators",
        "undelegate from ada in task 1": "has nothing in the pool",
        "vote yes on proposal 7": "no proposal 7",
    }.items():
        with pytest.raises(Exception, match=why):
            done(scene, words)
    assert scene.sent() == before


def test_limits_are_counted_before_sending_and_survive_a_restart(scene: Scene) -> None:
    scene.agent(terms=Terms(10 * FML, 25 * FML))
    with pytest.raises(LimitExceeded, match="11 FML at once, the limit is 10 FML"):
        done(scene, "send 11 FML to ada")
    done(scene, "send 10 FML to ada")
    done(scene, "send 10 FML to ada")
    with pytest.raises(LimitExceeded, match="6 FML on top of 20 FML in the last 24 hours, the limit is 25 FML"):
        done(scene, "send 6 FML to ada")  # each is another Agent over the same folder
    done(scene, "send 5 FML to ada")
    later = scene.agent().now() + DAY + 1
    scene.agent(now=lambda: later).handle("send 10 FML to ada", scene.parser())


def test_the_diary_says_what_was_asked_refused_and_sent(scene: Scene) -> None:
    done(scene, "send 5 FML to ada")
    with pytest.raises(NotUnderstood):
        done(scene, "send 5 FML to mallory")
    with pytest.raises(LimitExceeded):
        done(scene, "send 5000 FML to ada")
    events = [entry["event"] for entry in scene.agent().diary.entries()]
    sent = ["asked", "proposed", "shown", "confirmed", "signing", "sent"]
    assert events == [*sent, "asked", "refused", "asked", "proposed", "refused"]
    assert EVE.address not in scene.agent().diary.path.read_text()
