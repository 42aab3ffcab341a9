"""Amounts in words and with k, each with one reading; slips of one letter, which are never another form of a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.agent.amounts import TwoReadings, amount_of, plainly
from fl_alliance.agent.guards.numbers import amount_in
from fl_alliance.agent.guards.typos import corrected
from fl_alliance.chain.types import WEI_PER_FML as FML

ONES = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
]
ONES += ["eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def below_hundred(number: int, hyphen: str) -> str:
    if number < 20:
        return ONES[number - 1]
    tens, ones = divmod(number, 10)
    return f"{TENS[tens - 2]}{hyphen}{ONES[ones - 1]}" if ones else TENS[tens - 2]


def below_thousand(number: int, hyphen: str, joint: str) -> str:
    hundreds, rest = divmod(number, 100)
    head = f"{ONES[hundreds - 1]} hundred" if hundreds else ""
    tail = below_hundred(rest, hyphen) if rest else ""
    return f"{head}{joint}{tail}" if head and tail else head or tail


def spoken(number: int, hyphen: str, joint: str) -> str:
    thousands, rest = divmod(number, 1_000)
    head = f"{below_thousand(thousands, hyphen, joint)} thousand" if thousands else ""
    tail = below_thousand(rest, hyphen, joint) if rest else ""
    return f"{head}{joint if rest < 100 else ' '}{tail}" if head and tail else head or tail


@given(st.integers(1, 999_999), st.sampled_from("- "), st.sampled_from([" ", " and "]))
def test_a_number_in_words_is_that_number_and_takes_all_its_words(number: int, hyphen: str, joint: str) -> None:
    said = spoken(number, hyphen, joint).split()
    assert amount_in([*said, "fml", "to", "ada"]) == (number * FML, len(said))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("5k", (5_000 * FML, 1)),
        ("2.5k fml", (2_500 * FML, 1)),
        ("10fml", (10 * FML, 1)),
        ("3 thousand", (3_000 * FML, 2)),
        ("a hundred fml", (100 * FML, 2)),
        ("half an fml", (FML // 2, 3)),
        ("a", None),
        ("a lot", None),
        ("half of it", None),
        ("hundred", None),
        ("thousand", None),
        ("and five", None),
        ("two hundred and send", (200 * FML, 2)),
        ("five twenty", (5 * FML, 1)),
        ("twenty twenty", (20 * FML, 1)),
    ],
)
def test_what_begins_with_a_number_has_one_reading(text: str, found: tuple[int, int] | None) -> None:
    assert amount_in(text.split()) == found


@pytest.mark.parametrize("text", ["1,500", "1,500,000", "1.500", "1.500k", "1.250 thousand"])
def test_what_is_a_thousand_to_some_is_asked_about(text: str) -> None:
    with pytest.raises(TwoReadings, match="can be read in two ways"):
        amount_in(text.split())


@pytest.mark.parametrize("text", ["5k5", "kk", "5kfml5", "5m", "05k", "5ek", "-5k", "5%"])
def test_what_looks_like_a_number_and_is_none_is_refused(text: str) -> None:
    if text[0].isdigit():
        with pytest.raises(ValueError, match="no plain amount"):
            amount_in([text])
    else:
        assert amount_in([text]) is None


@given(st.integers(1, 10**15).map(lambda amount: amount * 10**9))
def test_an_amount_is_written_so_that_it_is_read_back(amount_wei: int) -> None:
    assert amount_of(plainly(amount_wei)) == amount_wei


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        *(("sned", "send"), ("transfr", "transfer"), ("trasnfer", "transfer"), ("trabsfer", "transfer")),
        *(("stakke", "stake"), ("stak", "stake"), ("delgate", "delegate"), ("undelegat", "undelegate")),
        *(("blance", "balance"), ("propsal", "proposal"), ("calim", "claim"), ("mcuh", "much")),
    ],
)
def test_a_slip_of_one_letter_is_the_word_that_was_meant(slip: str, meant: str) -> None:
    assert corrected(slip) == meant


def test_another_form_or_another_word_is_no_slip() -> None:
    for word in (
        *(
            "sent",
            "sends",
            "gave",
            "staked",
            "stakes",
            "voted",
            "votes",
            "delegated",
            "delegates",
            "withdrew",
            "received",
        ),
        *("promises", "lend", "spent", "paid", "claimed", "flagged", "rated", "locks", "locked", "owed", "not", "nor"),
        *("three", "there", "now", "no", "yes", "agianst", "abstian", "scma", "twnety", "hundrd", "tow", "ada"),
    ):
        assert corrected(word) == word


@pytest.mark.parametrize(
    ("said", "amount_wei", "used"),
    [
        ("one and a half fml", 3 * FML // 2, 4),
        ("2 and a half fml", 5 * FML // 2, 4),
        ("three point seven five fml", 15 * FML // 4, 4),
        ("ten point zero five", 201 * FML // 20, 4),
        ("two and a half thousand fml", 2 * FML, 1),
    ],
)
def test_a_half_and_decimals_that_are_said_belong_to_their_number(said: str, amount_wei: int, used: int) -> None:
    assert amount_in(said.split()) == (amount_wei, used)
