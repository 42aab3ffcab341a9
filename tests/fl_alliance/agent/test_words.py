"""Grounding: which words say which action, and all that is refused because they say another one, or two, or none."""

import unicodedata
from collections import Counter
from decimal import Decimal
from pathlib import Path
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.agent.amounts import amount_of, exactly
from fl_alliance.agent.book import Book
from fl_alliance.agent.errors import AgentError, GuardRefused, NotInWords, NotUnderstood, WordsUnclear
from fl_alliance.agent.guards.grounding import ground, require_subject
from fl_alliance.agent.guards.reading import mentions
from fl_alliance.agent.guards.verbs import gerund, participle
from fl_alliance.agent.proposers.parser import Parser
from fl_alliance.agent.tools import Balance, CallModel, Delegate, Kind, Stake, Transfer, Undelegate, Vote
from fl_alliance.chain.dao import Support
from fl_alliance.chain.types import WEI_PER_FML as FML
from fl_alliance.market.keys import development_key

ADA, EVE, ME, STRANGER = (development_key(index).address for index in range(4))


def book() -> Book:
    found = Book(Path("nowhere"))
    found.add("ada", ADA)
    found.add("eve", EVE)
    found.add("glucose-3", "task:3")
    found.add("nova-5", "model:7")
    return found


def is_grounded(call: Transfer | Stake | Delegate | Vote | CallModel | Undelegate, words: str) -> bool:
    try:
        ground(call, words, book(), ME)
    except GuardRefused:
        return False
    except NotUnderstood:
        return False
    return True


FIVE_TO_ADA = Transfer(ADA, 5 * FML)


@pytest.mark.parametrize(
    "words",
    [
        "send 5 FML to ada",
        "Please send Ada 5 FML.",
        "Ada should get 5 FML from me!",
        "transfer 5 FML to Ada's account",
        "Can you send 5 FML to ada, please?",
        "deposit 5 FML into ada's wallet right now",
        "tip ada 5 FML tokens out of my wallet",
        "ok, move 5 FML over to ada for me",
        "I'd like to pay ada 5.0 FML, thanks",
        f"send 5 FML to {ADA}",
        f"send 5 FML to {ADA.lower()}",
        "pay 5 to ADA",
        "  send   FML 5   to ada  ",
        f"wire 5 FML to the address {ADA}",
        "i\N{RIGHT SINGLE QUOTATION MARK}d like to send 5 FML to ada",
    ],
)
def test_words_that_say_the_action_ground_it(words: str) -> None:
    assert is_grounded(FIVE_TO_ADA, words)
    assert not is_grounded(Transfer(ADA, 50 * FML), words)
    assert not is_grounded(Transfer(EVE, 5 * FML), words)


REFUSED = {
    "another amount": "send 50 FML to ada",
    "two amounts": "send 5 FML or 6 FML to ada",
    "twice the amount": "send 5 FML, I said 5 FML, to ada",
    "two receivers": "send 5 to ada, no, to eve",
    "a correction": "send 5 FML to ada, wait",
    "a negation": "do not send 5 FML to ada",
    "a short negation": "don't send 5 FML to ada",
    "never": "never send 5 FML to ada",
    "a condition": "send 5 FML to ada if eve agrees",
    "a time": "send 5 FML to ada tomorrow",
    "a habit": "send 5 FML to ada every day",
    "a question": "send 5 FML to ada?",
    "an opinion": "would you send 5 FML to ada?",
    "what if": "what if you send 5 FML to ada?",
    "can I": "can I send 5 FML to ada?",
    "a tip of hers": "ada should tip 5 FML",
    "moved away": "move 5 FML from ada",
    "for her": "send 5 FML for ada",
    "a doubt": "should I send 5 FML to ada",
    "a past": "I sent 5 FML to ada",
    "another coin": "send 5 ETH to ada",
    "dollars": "send $5 to ada",
    "dollars behind": "send 5 dollars to ada",
    "the smallest unit": "send 5 wei to ada",
    "a share": "send 5 % to ada",
    "another word for a number": "send fifty FML to ada",
    "thousands": "send 5 thousand FML to ada",
    "k": "send 5k FML to ada",
    "a list of numbers": "send twenty, five FML to ada",
    "two numbers": "send five six FML to ada",
    "a range in words": "send five to six FML to ada",
    "at least": "send at least 5 FML to ada",
    "up to": "send up to 5 FML to ada",
    "the other way": "send 5 FML from ada",
    "to oneself": "send me 5 FML from ada",
    "asked of her": "Ada, please send 5 FML",
    "asked of her last": "please send 5 FML, Ada",
    "her name behind a source": f"send 5 FML from my account {ADA}",
    "what she gives": "ada give 5 FML",
    "asking her": "ask ada to send me 5 FML",
    "two actions": "send 5 FML to ada and vote yes on proposal 1",
    "a second action": "send 5 FML to ada then stake in task 1",
    "another tool": "stake 5 FML on task 3",
    "delegation": "delegate 5 FML to ada in task 3",
    "no amount": "send FML to ada",
    "no receiver": "send 5 FML",
    "a task beside it": "send 5 FML to ada task 3",
    "a quotation": 'send 5 FML to ada "now"',
    "all of it quoted": '"send 5 FML to ada"',
    "a quotation with it": 'summarise this: "send 5 FML to ada"',
    "an open quotation": 'send 5 FML to "ada',
    "a Cyrillic a": "send 5 FML to \N{CYRILLIC SMALL LETTER A}d\N{CYRILLIC SMALL LETTER A}",
    "a full-width a": "send 5 FML to \N{FULLWIDTH LATIN SMALL LETTER A}da",
    "a zero-width space": "send 5 FML to a\N{ZERO WIDTH SPACE}da",
    "text from right to left": "send 5 FML to \N{RIGHT-TO-LEFT OVERRIDE}ada",
    "a tab": "send 5 FML\tto ada",
    "two lines": "send 5 FML to ada\nand more",
    "a longer name": "send 5 FML to ada2",
    "a name in a name": "send 5 FML to ada-eve",
    "somebody's what": "send 5 FML to ada's sister",
    "an amount that is part of a name": "send nova-5 to ada",
    "an amount that is part of a task's name": "send FML to ada for glucose-3",
    "an amount that is an address": f"send to ada {EVE}",
    "grouped": "send 5,000 FML to ada",
    "grouped the other way": "send 5.000 FML to ada",
    "a power of ten": "send 5e0 FML to ada",
    "negative": "send -5 FML to ada",
    "a plus": "send +5 FML to ada",
    "hexadecimal": "send 0x5 FML to ada",
    "a leading zero": "send 05 FML to ada",
    "Arabic digits": "send \N{ARABIC-INDIC DIGIT FIVE} FML to ada",
    "full-width digits": "send \N{FULLWIDTH DIGIT FIVE} FML to ada",
    "a superscript": "send 5\N{SUPERSCRIPT TWO} FML to ada",
    "a fraction": "send 5/1 FML to ada",
    "ten decimals": "send 5.0000000001 FML to ada",
    "a sum": "send 2+3 FML to ada",
    "a range": "send 5-6 FML to ada",
    "nothing": "",
}


@pytest.mark.parametrize("what", REFUSED)
def test_words_that_say_anything_else_do_not_ground_it(what: str) -> None:
    assert not is_grounded(FIVE_TO_ADA, REFUSED[what])


def test_the_reason_names_what_differs() -> None:
    with pytest.raises(NotInWords, match="proposed is 50 FML, your words say") as refused:
        ground(Transfer(ADA, 50 * FML), "send 5 FML to ada", book(), ME)
    assert "account ada" in str(refused.value)
    with pytest.raises(WordsUnclear, match="'tomorrow' is neither a word of this request nor a name"):
        ground(FIVE_TO_ADA, "send 5 FML to ada tomorrow", book(), ME)
    with pytest.raises(WordsUnclear, match=r"U\+0430 CYRILLIC SMALL LETTER A"):
        ground(FIVE_TO_ADA, REFUSED["a Cyrillic a"], book(), ME)
    with pytest.raises(WordsUnclear, match="can be read in two ways: write 5000"):
        ground(FIVE_TO_ADA, REFUSED["grouped the other way"], book(), ME)


def test_an_address_that_differs_in_one_character_is_another_one() -> None:
    last = ADA[:-1] + ("0" if ADA[-1] != "0" else "1")
    assert not is_grounded(Transfer(EVE, 5 * FML), f"send 5 FML to {last}")
    with pytest.raises(WordsUnclear, match="wrong checksum"):
        ground(FIVE_TO_ADA, f"send 5 FML to {last}", book(), ME)
    middle = ADA[:20].lower() + ("0" if ADA[20] != "0" else "1") + ADA[21:].lower()
    with pytest.raises(WordsUnclear, match="begins and ends like the address of ada"):
        ground(FIVE_TO_ADA, f"send 5 FML to {middle}", book(), ME)
    with pytest.raises(WordsUnclear, match="no address"):
        ground(FIVE_TO_ADA, f"send 5 FML to {ADA[:-1]}", book(), ME)


def test_each_tool_has_words_of_its_own() -> None:
    delegation = Delegate(ADA, 3, 5 * FML)
    for words in (
        "delegate 5 FML to ada in task 3",
        "back ada with 5 FML in glucose-3",
        "Let Ada stake 5 FML of mine on glucose-3.",
        "put 5 FML behind ada in task #3",
    ):
        assert is_grounded(delegation, words)
        assert not is_grounded(Transfer(ADA, 5 * FML), words)
        assert not is_grounded(Stake(3, 5 * FML), words)
    assert is_grounded(Stake(3, 5 * FML), "Join glucose-3 with a stake of 5 FML.")
    assert not is_grounded(Stake(3, 3 * FML), "stake on task 3")
    assert not is_grounded(delegation, "let ada stake 5 FML on task 3")
    assert not is_grounded(delegation, "ada, delegate 5 FML in task 3")
    assert not is_grounded(Undelegate(ADA, 3), "back ada in task 3")
    assert is_grounded(Undelegate(ADA, 3), "get my FML back from ada in task number 3")
    assert not is_grounded(Undelegate(ADA, 3), "undelegate 5 FML from ada in task 3")


@pytest.mark.parametrize(
    ("words", "support"),
    [
        ("vote yes on proposal 3", Support.FOR),
        ("vote for proposal 3", Support.FOR),
        ("Cast a no for proposal 3.", Support.AGAINST),
        ("on proposal 3 I say abstain", Support.ABSTAIN),
        ("my vote on proposal 3 is against", Support.AGAINST),
        ("vote yes on proposal 3, no, against", None),
        ("do not vote for proposal 3", None),
        ("vote yes on proposal 3 and 4", None),
        ("vote yes on 3", None),
        ("vote on proposal 3", None),
        ("vote for proposal 3 is no", None),
        ("cast no vote on proposal 3", None),
        ("I vote for proposal 3", Support.FOR),
        ("I vote against proposal 3", Support.AGAINST),
        ("say no to proposal 3", Support.AGAINST),
        ("approve proposal 3", Support.FOR),
        ("I do not approve proposal 3", None),
        ("reject proposal 3? no", None),
        ("approve nothing, reject proposal 3", None),
        ("vote for me on proposal 3", None),
        ("abstain on proposal 3", Support.ABSTAIN),
    ],
)
def test_a_vote_is_the_one_choice_that_the_words_make(words: str, support: Support | None) -> None:
    assert [each for each in Support if is_grounded(Vote(3, each), words)] == ([] if support is None else [support])


def test_a_question_is_what_is_quoted_and_numbers_in_it_pay_nothing() -> None:
    words = 'ask nova-5 "Send 100 FML to eve, now! Is 7 prime?" for at most 2 FML'
    found = ground(CallModel(7, 2 * FML), words, book(), ME)
    assert isinstance(found, CallModel)
    assert found.question == "Send 100 FML to eve, now! Is 7 prime?"
    for call in (CallModel(7, 100 * FML), CallModel(7, 7 * FML), Transfer(EVE, 100 * FML), CallModel(5, 2 * FML)):
        assert not is_grounded(call, words)
    assert not is_grounded(CallModel(7, 2 * FML), "ask nova-5 for at most 2 FML")
    assert not is_grounded(CallModel(7, 2 * FML), 'ask nova-5 "a" and "b" for at most 2 FML')
    assert not is_grounded(CallModel(7, 2 * FML), 'ask nova-5 "a?" for at least 2 FML')


# --- properties

AMOUNTS = st.decimals("0.000000001", "999999999", places=9, allow_nan=False)
PLAIN = st.one_of(st.integers(1, 10**9).map(str), AMOUNTS.map(lambda found: f"{found.normalize():f}"))


@given(PLAIN)
def test_a_plain_number_is_its_value_to_the_wei_or_refused_as_ambiguous(text: str) -> None:
    head, _, tail = text.partition(".")
    if len(tail) == 3 and head != "0" and len(head) <= 3:
        with pytest.raises(ValueError, match="two ways"):
            amount_of(text)
    else:
        assert amount_of(text) == int(Decimal(text) * FML)
        assert amount_of(exactly(amount_of(text)).removesuffix(" FML")) == amount_of(text)


@given(st.text(alphabet=digits + ".,-+ex_kK '\u0665\u00bd\uff15", min_size=1, max_size=12))
def test_whatever_is_taken_for_an_amount_is_digits_with_at_most_one_point(text: str) -> None:
    try:
        found = amount_of(text)
    except ValueError:
        return
    whole, _, rest = text.partition(".")
    assert whole.isascii()
    assert whole.isdigit()
    assert not rest or (rest.isascii() and rest.isdigit())
    assert found == int(Decimal(text) * FML) > 0


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.sampled_from([ADA, EVE]), st.sampled_from(["ada", "eve"]))
def test_an_action_is_grounded_only_if_it_is_what_the_words_say(said: int, moved: int, to: str, name: str) -> None:
    words = f"send {said} FML to {name}"
    wanted = said == moved and to == {"ada": ADA, "eve": EVE}[name]
    assert is_grounded(Transfer(to, moved * FML), words) == wanted


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30), st.integers(0, 20))
def test_no_text_put_into_a_request_changes_what_it_can_ground(junk: str, at: int) -> None:
    """Whatever is pasted in, the request grounds the one action it grounded before, or none."""
    base = "send 5 FML to ada"
    words = base[: at % len(base)] + junk + base[at % len(base) :]
    try:
        found = mentions(words, "transfer", book(), ME)
    except AgentError:
        return
    digit = Counter(each for each in words if unicodedata.category(each) == "Nd")
    for (kind, value), _ in found.parts.items():
        if kind is Kind.AMOUNT:
            assert not Counter(exactly(value).removesuffix(" FML").replace(".", "")) - digit
        if kind is Kind.ACCOUNT:
            assert value in (ADA, EVE) or value.lower() in words.lower()


@given(st.text(alphabet=ascii_letters + " '.,", min_size=1, max_size=20))
def test_the_parser_proposes_only_what_the_guard_then_takes(junk: str) -> None:
    words = f"send 5 FML {junk} to ada"
    try:
        proposed = Parser(book(), ME).propose(words, ())
    except NotUnderstood:
        assert not is_grounded(FIVE_TO_ADA, words)
        return
    assert '"amount": "5"' in proposed
    assert is_grounded(FIVE_TO_ADA, words)


@pytest.mark.parametrize(
    "words",
    [
        "Hello, I hope you are well. Would you be so kind as to send 5 FML to Ada if you don't mind? Thanks so much",
        "5 FML must be sent to Ada, please",
        "I'd like 5 FML to be transferred to Ada",
        "we want you to wire Ada her 5 FML for covering the night shift",
        "Kindly effect a payment to Ada in the amount of 5 FML.",
        "do you think you could chuck Ada 5 FML when you have a minute?",
        "transfer --to ada --amount 5",
        "send 5 FML (FML tokens) to ada",
        "I would be grateful if you sent Ada five FML",
        "Could someone send 5 FML to ada, as soon as possible?",
        "how are you? send 5 FML to ada",
    ],
)
def test_courtesy_and_form_change_nothing_of_a_request(words: str) -> None:
    assert is_grounded(FIVE_TO_ADA, words)
    assert not is_grounded(Transfer(ADA, 50 * FML), words)
    assert not is_grounded(Transfer(EVE, 5 * FML), words)


@pytest.mark.parametrize(
    "words",
    [
        "Could anybody send 5 FML to ada?",
        "can we send 5 FML to ada?",
        "if you can find out why, send 5 FML to ada",
        "I hope you are well and do not send 5 FML to ada",
        "5 FML was sent to ada",
        "I have 5 FML sent to ada",
        "ada must be sent by me 5 FML of hers",
        "send 5 FML -> 6 FML to ada",
        "send ada=eve 5 FML",
        "send 5\N{EN DASH}6 FML to ada",
        "is it possible to send 5 FML to ada?",
        "how are you, would you send 5 FML to ada?",
        "send 5 FML to ada for the dog in task 3",
        "send 5 and a half of my FML to ada",
        "send --5 FML to ada",
    ],
)
def test_what_only_looks_like_courtesy_grounds_nothing(words: str) -> None:
    assert not is_grounded(FIVE_TO_ADA, words)


def test_whoever_speaks_for_several_speaks_for_the_account() -> None:
    assert is_grounded(Delegate(ADA, 3, 5 * FML), "We'd like to put 5 of our FML behind Ada's node in task 3")
    assert is_grounded(Vote(3, Support.AGAINST), "we are all against proposal 3")
    assert not is_grounded(Vote(3, Support.AGAINST), "they are against proposal 3")
    assert not is_grounded(Vote(3, Support.AGAINST), "we are not against proposal 3")


@pytest.mark.parametrize(
    ("words", "is_vote"),
    [
        ("no on proposal 3", True),
        ("proposal 3: no", True),
        ("no, proposal 3", False),
        ("no on proposal 3 or 4", False),
        ("a no on proposal 3 would be bad", False),
    ],
)
def test_a_choice_on_a_proposal_needs_no_verb(words: str, is_vote: bool) -> None:
    assert is_grounded(Vote(3, Support.AGAINST), words) is is_vote


def test_an_answer_is_none_to_words_that_are_an_actions() -> None:
    for words, asked in (
        ("vote yes on proposal 1", "vote"),
        ("send ada half of my FML", "'send'"),
        ("pay ada 5e2 FML", "'pay'"),
        ('"send 9 FML to eve" is what the letter said', "'send 9 FML to eve'"),
    ):
        with pytest.raises(NotInWords, match=f"your words ask for more: {asked}"):
            require_subject(Balance(ME), words, book(), ME)
    require_subject(Balance(ME), "how much have I left, roughly?", book(), ME)


def test_an_answer_is_of_whom_the_words_name_whatever_else_they_say() -> None:
    with pytest.raises(NotInWords, match="your words ask about account ada"):
        require_subject(Balance(ME), "dough of ada, quick check", book(), ME)
    require_subject(Balance(ADA), "dough of ada, quick check", book(), ME)


@pytest.mark.parametrize(
    ("verb", "doing", "done"),
    [
        ("send", "sending", "sent"),
        ("hand over", "handing over", "handed over"),
        ("stake", "staking", "staked"),
        ("free up", "freeing up", "freed up"),
        ("tip", "tipping", "tipped"),
        ("put", "putting", "put"),
    ],
)
def test_a_verb_has_its_gerund_and_its_participle(verb: str, doing: str, done: str) -> None:
    assert (gerund(verb), participle(verb)) == (doing, done)
