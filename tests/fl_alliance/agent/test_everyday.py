"""How people say it: 617 requests of which nothing may be read wrongly, and floors for what is understood."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path

import pytest
from everyday import ADA, EVE, HALVES, ME, STRANGERS, Request, everyday_book, hear, requests, strange

from fl_alliance.agent.errors import GuardRefused, NotUnderstood
from fl_alliance.agent.guards.grounding import ground
from fl_alliance.agent.guards.offers import offered
from fl_alliance.agent.guards.reading import mentions
from fl_alliance.agent.proposers.parser import Parser
from fl_alliance.agent.tools import (
    Action,
    AllianceTask,
    Appear,
    Balance,
    CallModel,
    Claim,
    Delegate,
    Kind,
    Lock,
    Price,
    Rate,
    Stake,
    Status,
    Transfer,
    Undelegate,
    Unlock,
    Unstake,
    Vote,
)
from fl_alliance.chain.dao import Appearance, Support
from fl_alliance.chain.types import WEI_PER_FML as FML

FLOOR = 57
"""Of the 60 requests of a half that ask for something."""


@pytest.mark.parametrize("half", HALVES)
def test_everyday_words_are_understood_or_refused_and_never_taken_for_something_else(half: str) -> None:
    heard = hear(list(requests(half)), Parser(everyday_book(), ME))
    yes = f"by a yes {len(heard.offered)} more and {len(heard.misoffered)} others"
    print(f"\n{half}: {len(heard.right)} of 60 understood, {len(heard.wrong)} wrong; {yes}")
    assert heard.wrong == []
    assert len(heard.right) >= FLOOR


def test_each_half_has_60_requests_and_30_that_may_sign_nothing() -> None:
    known = [request for half in HALVES for request in requests(half)]
    assert len({request.words for request in known}) == 180
    for half in HALVES:
        calls = [request.call for request in requests(half)]
        assert (len(calls), calls.count(None)) == (90, 30)


FLOORS = {"stranger": (46, 4), "stranger_since": (122, 4), "stranger_held": (30, 10)}
FLOORS |= {"persons_first": (36, 6), "persons_second": (18, 5)}
"""Of 51, 131, 53, 45 and 31 that ask for something a tool does: understood at once, and by a yes to an offer."""


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_is_understood_or_refused_and_never_offered_what_was_not_meant(name: str) -> None:
    heard = hear(list(strange(name)), Parser(everyday_book(), ME))
    print(f"\n{name}: {len(heard.right)} understood, {len(heard.offered)} by a yes, {len(heard.wrong)} wrong")
    assert heard.wrong == heard.misoffered == []
    at_once, by_yes = FLOORS[name]
    assert len(heard.right) >= at_once
    assert len(heard.right) + len(heard.offered) >= at_once + by_yes


def test_a_stranger_wanted_as_many_things_as_the_floors_are_of() -> None:
    wanted = [[request.call for request in strange(name)] for name in STRANGERS]
    counts = [(len(calls), len(calls) - calls.count(None)) for calls in wanted]
    assert counts == [(85, 51), (167, 131), (85, 53), (60, 45), (40, 31)]


@pytest.mark.parametrize("words", ["undelegate 30 FML from ada in task 3", "unstake 20 FML from task 3"])
def test_a_part_of_what_is_there_is_told_to_be_all_or_nothing(words: str) -> None:
    heard = hear([Request(words, None)], Parser(everyday_book(), ME))
    [(_, why)] = heard.not_understood
    assert "takes all that is there; say it without an amount" in why


NASTY = """\
ada needs to send 5 FML
ada needs 5 FML
let ada give 5 FML
let ada delegate 5 FML in task 1
let ada back 5 FML in task 1
I promised to send ada 5 FML
I promised ada 5 FML
I owe ada 5 FML
ada gets 5 FML
eve lent me 8 FML
ada received 5 FML from me
ada receives to send 5 FML from me
give ada 5 thanks
send ada a thousand thanks
send ada 5 stars
give nova 5 FML
give nova 5
rate nova 4 out of 10
rate nova 4.5 stars
raise my stake in task 1 to 150 FML
increase my stake to 150 FML in task 1
my stake in task 1 is 100 FML
back my stake in task 1
unstake 50 FML from task 1
proposal 1 is a scam
is proposal 1 a scam? flag it
flag proposal 1 as a scam or frivolous
proposal 1 is no scam, flag it
I am against proposal 1, vote for it
I support proposal 1, vote against it
I am against voting yes on proposal 1
I vote no to reject proposal 1
reject the reject of proposal 1
put no vote on proposal 1
lock 5 FML
release 5 FML
lock 200 FML in task 1 to vote
unlock 5 FML to ada
take back 5 FML from ada in task 1
send 5 FML back from ada
send 5 FML to ada and her
send 5 FML to ada and to her
send her 5 FML
send twenty, five FML to ada
send one thousand 500 FML to ada
send 1 000 FML to ada
send a FML to ada
send 5 to ada's work
would you mind sending 5 FML to ada? No
would you send 5 FML to ada?
make sure ada sends 5 FML
let eve have ada 5 FML
ask nova "x" for at least 5 FML
ask nova "x", I have 5 FML
stakes 5 FML in task 1
staked 5 FML in task 1
gave ada 5 FML
send 5 FML to dada
collect 5 FML from task 1
claim ada's reward in task 1
vote yes on proposal 1 2
stake 5 FML in task 1 task 1
back ada in task 1 with 5 FML, and back eve
approve sending 5 FML to ada
count me as present on proposal 1, and yes
did I earn something in task 1?
I promised ada to pay 5 FML
i trust ada to delegate 5 FML in task 1
it is a scam to flag proposal 1
let's say I vote yes on proposal 1
let's say yes to proposal 1
say I vote no on proposal 1
I am about to vote yes on proposal 1
ada should have 5 FML now
the payment of 5 FML to ada, thanks
the transfer of 5 FML to ada
lock my stake of 100 FML in task 1
raise my stake in task 1 to 150 FML
ada lent me 5 FML. I promised to pay it back
ada should get 5 FML to pay
tell ada to send 5 FML
claim that task 1 is over
did I earn something in task 1? Claim it.
withdraw to ada in task 1
lock 5 FML to vote yes on proposal 1
unlock 5 votes
flag proposal 1 as being no scam
vote for proposal 1 as a no
is my vote yes on proposal 1?
I oppose proposal 1
send 5 FML to ada not today
let's say ada gets 5 FML from me
I want you to let ada send 5 FML
I want ada to send 5 FML
I'd like ada to pay 5 FML
make sure that ada pays 5 FML
ada promised 5 FML, pay
promised ada 5 FML
send 5 FML to ada's friend eve
hand over 5 FML from ada to me
move 5 FML into ada's stake
deposit 5 FML for ada
deposit 5 FML into task 1
pay ada 5 FML a day
pay ada 5 FML more
pay ada's 5 FML
pay ada for 5 FML
give ada 5 FML of my stake in task 1
stake 5 FML of ada in task 1
stake 5 FML by ada in task 1
unstake everything and claim my rewards in task 1
withdraw everything from task 1
withdraw my stake behind ada in task 1
withdraw my rewards from ada in task 1
release ada in task 1
reclaim 5 FML from ada
vote yes on proposal 1 for ada
vote yes on proposal 1 with 5 FML
vote yes, I mean no, on proposal 1
vote yes on proposal 1 in task 1
vote yes on proposal 1 again
rate nova 5 stars or 4 stars
rate ada 5 stars
ask nova about "x" for 5 FML
ask ada "x" for 5 FML
ask nova "x" for 5 FML to ada
"""


def test_words_that_could_be_taken_for_a_request_are_none() -> None:
    lines = [*NASTY.splitlines(), *(Path(__file__).parent / "mistakable.txt").read_text().splitlines()]
    asked = [Request(line, None) for line in lines]
    assert hear(asked, Parser(everyday_book(), ME)).wrong == []


def test_what_is_short_for_a_word_may_be_a_name_and_mark_may_be_somebody() -> None:
    book = everyday_book()
    book.add("prop", "task:9")
    book.add("mark", EVE)
    found = mentions("stake 5 FML in prop", "stake", book, ME)
    assert (Kind.TASK, 9) in found.parts
    assert (Kind.ACCOUNT, EVE) in mentions("pay mark 5 FML", "transfer", book, ME).parts
    assert (Kind.PROPOSAL, 5) in mentions("mark me present at prop 5's review", "appear", everyday_book(), ME).parts


@pytest.mark.parametrize(
    ("words", "is_read"),
    [
        ("send my sister ada 5 FML", True),
        ("send 5 FML to my sister and to ada", False),
        ("my sister ada, pay 5 FML", False),
    ],
)
def test_who_somebody_is_to_the_user_stands_right_before_the_name(words: str, is_read: bool) -> None:
    heard = hear([Request(words, Transfer(ADA, 5 * FML))], Parser(everyday_book(), ME))
    assert (len(heard.right), heard.wrong) == (int(is_read), [])


def test_a_choice_behind_its_proposal_is_a_vote_and_before_it_a_correction() -> None:
    asked = [Request(words, Vote(2, Support.AGAINST)) for words in ("prop 2: no", "no, prop 2", "prop 2? no")]
    assert hear(asked, Parser(everyday_book(), ME)).right == ["prop 2: no"]


def test_what_no_tool_does_is_not_offered() -> None:
    assert offered("claim the reward thing of alliance:1", everyday_book(), ME) is None
    assert offered("claim the reward thing of task 1", everyday_book(), ME) is not None
    assert offered("ask nova for 5 FML buddy", everyday_book(), ME) is None
    assert offered('ask nova "x" for 5 FML buddy', everyday_book(), ME) is not None


@pytest.mark.parametrize("words", ["do I vote yes on proposal 3", "who put 10 FML into task 2"])
def test_a_question_without_its_mark_is_not_offered(words: str) -> None:
    assert offered(words, everyday_book(), ME) is None


@pytest.mark.parametrize("verb", ["revoke", "rescind", "reduce by", "retract"])
def test_what_takes_back_is_not_offered_as_what_gives(verb: str) -> None:
    assert offered(f"{verb} 5 FML of my delegation to ada in task 3", everyday_book(), ME) is None


READ = {
    "Hi, long shift today \N{EM DASH} could you check what's left in my account before I go home?": Balance(ME),
    "Before I decide on anything: what does a call to model 2 cost these days?": Price(2),
    "Is my money in task 1 doing anything?": Status(1),
}


@pytest.mark.parametrize("words", READ)
def test_what_only_reads_is_read_past_words_that_are_not_known(words: str) -> None:
    assert hear([Request(words, READ[words])], Parser(everyday_book(), ME)).right == [words]


@pytest.mark.parametrize(
    "words",
    [
        "I believe I earned something in task 1; may I have it?",
        "what does my stake in task 1 tell you, stake more",
        "see the price of nova, then rate it",
        "how is task 1, ada?",
        "I earned a fortune in task 1",
    ],
)
def test_words_that_also_ask_for_something_else_are_not_only_read(words: str) -> None:
    with pytest.raises(NotUnderstood):
        Parser(everyday_book(), ME).propose(words, ())


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("50 fml -> eve", "send 50 FML to eve"),
        ("eve 5 fml", "send 5 FML to eve"),
        ("yeet ada 5 fml", "send 5 FML to ada"),
        ("for ada: 5 FML, please send", "send 5 FML to ada"),
        ("5 FML for ada", "send 5 FML to ada"),
        ("ape 300 into glucose-1", "stake 300 FML in task 1"),
    ],
)
def test_with_a_verb_that_is_not_known_what_is_named_is_offered(words: str, meant: str) -> None:
    found = offered(words, everyday_book(), ME)
    assert found is not None
    assert found.words == meant


@pytest.mark.parametrize(
    "words",
    [
        "ada won 5 FML",
        "ada gave eve 5 FML",
        "stakes 5 FML in task 1",
        "I owe ada 5 FML",
        "bring beer 5 FML to ada party",
    ],
)
def test_what_is_told_is_not_offered(words: str) -> None:
    assert offered(words, everyday_book(), ME) is None


def test_what_somebody_has_done_is_no_offer_to_do_it() -> None:
    assert offered("I have claimed my rewards in task 1", everyday_book(), ME) is None
    assert offered("please do claim my rewards in task 1", everyday_book(), ME) is not None


PERSONS = ("persons_first", "persons_second")
_TASKS = (*range(1, 6), AllianceTask(1), AllianceTask(2))


def forged(request: Request) -> Iterator[Action]:
    """Yield actions over the accounts, tasks and numbers at hand: whatever a model could make of a request."""
    amounts = {5 * FML, 50 * FML, 15 * FML // 10, getattr(request.call, "amount_wei", FML)}
    proposals, models = range(1, 10), (1, 2)
    yield from (Transfer(to, amount) for to, amount in product((ADA, EVE, ME), amounts))
    yield from (Stake(task, amount) for task, amount in product(range(1, 6), amounts))
    yield from (Delegate(to, task, amount) for to, task, amount in product((ADA, EVE), _TASKS, amounts))
    yield from (Undelegate(to, task) for to, task in product((ADA, EVE), _TASKS))
    yield from (tool(task) for tool, task in product((Unstake, Claim), range(1, 6)))
    yield from (tool(amount) for tool, amount in product((Lock, Unlock), amounts))
    yield from (Rate(model, stars) for model, stars in product(models, range(1, 6)))
    yield from (Vote(proposal, support) for proposal, support in product(proposals, Support))
    yield from (Appear(proposal, how) for proposal, how in product(proposals, Appearance))
    yield from (CallModel(model, amount) for model, amount in product(models, amounts))


@pytest.mark.parametrize("name", PERSONS)
def test_of_all_that_could_be_forged_the_guards_pass_what_was_wanted_or_nothing(name: str) -> None:
    book, proposed, passed = everyday_book(), 0, 0
    for request in strange(name):
        grounded = []
        for call in forged(request):
            proposed += 1
            with suppress(GuardRefused, NotUnderstood):
                grounded.append(ground(call, request.words, book, ME))
        assert grounded in ([], [request.call]), request.words
        passed += len(grounded)
    print(f"\n{name}: {proposed} forged, {passed} passed")
    assert passed >= 10
