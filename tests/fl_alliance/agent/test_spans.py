"""What a language model may choose among: of each kind what the words have, and nothing that they do not."""

import pytest
from everyday import ADA, everyday_book

from fl_alliance.agent.proposers.spans import spans_in
from fl_alliance.agent.tools import Kind

BOOK = everyday_book()


@pytest.mark.parametrize(
    ("words", "kind", "texts"),
    [
        ("Send Ada twenty-five FML, please.", Kind.AMOUNT, ["twenty-five"]),
        ("send 5FML or 2.5k to eve", Kind.AMOUNT, ["5", "2.5k"]),
        ("delegate 12 FML to Ada in task 3", Kind.AMOUNT, ["12"]),
        ("delegate 12 FML to Ada in task 3", Kind.TASK, ["task 3"]),
        ("how is alliance task two doing", Kind.TASK, ["alliance:2"]),
        ("how is alliance:2 doing", Kind.TASK, ["alliance:2"]),
        ("vote yes on prop #4 and proposal number 9", Kind.PROPOSAL, ["4", "9"]),
        ("rate nova, or model 2", Kind.MODEL, ["nova", "model 2"]),
        ("Ada's balance", Kind.ACCOUNT, ["Ada"]),
        (f"pay {ADA} 5 FML", Kind.ACCOUNT, [ADA]),
        ("pay mallory 5 FML", Kind.ACCOUNT, ["mallory"]),
        ("hello, long day, how much have I got", Kind.ACCOUNT, []),
        ("send 1,500 FML to ada", Kind.AMOUNT, []),
        ("sign in to proposal 6's review", Kind.PROPOSAL, ["6"]),
        ("vote yes on #1", Kind.PROPOSAL, ["1"]),
        ("ask nova , and pay 5", Kind.AMOUNT, ["5"]),
    ],
)
def test_of_each_kind_there_is_what_the_words_have(words: str, kind: Kind, texts: list[str]) -> None:
    assert list(spans_in(words, BOOK).texts[kind]) == texts


def test_what_is_named_for_certain_has_an_entry_an_address_or_a_noun() -> None:
    assert spans_in("send ada 5 FML", BOOK).named == {Kind.ACCOUNT}
    assert spans_in("stake 5 FML in task 1", BOOK).named == {Kind.TASK}
    assert spans_in("pay mallory 5 FML", BOOK).named == frozenset()
    assert spans_in("vote yes on #1", BOOK).named == frozenset()
