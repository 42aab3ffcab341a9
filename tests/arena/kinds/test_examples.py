"""Datasets of prompts and answers: anything else is refused with the line that is at fault."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.lm.examples import MOST_EXAMPLES, Example, encode, read, write
from fl_alliance.arena.kinds.lm.model import LanguageModel

GOOD = b'{"prompt": "p", "answer": "a"}\n'
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.builds(Example, TEXT, TEXT.filter(bool)), min_size=1, max_size=5))
def test_any_text_is_read_as_it_was_written(examples: list[Example]) -> None:
    assert read(write(examples)) == tuple(examples)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "line 1"),
        (GOOD + b"\n" + GOOD, "line 2"),
        (GOOD + b"not json\n", "line 2"),
        (b'["p", "a"]\n', "line 1"),
        (b'{"prompt": "p"}\n', "line 1"),
        (b'{"prompt": "p", "answer": "a", "tokenizer": "mine"}\n', "line 1"),
        (b'{"prompt": "p", "answer": 5}\n', "line 1"),
        (b'{"prompt": "p", "answer": ""}\n', "empty answer"),
        (b'{"prompt": "p", "answer": "a", "answer": "b"}\n', "line 1"),
        (b'{"prompt": "p", "answer": "\\ud800"}\n', "surrogate"),
        (b'{"prompt": "\xff", "answer": "a"}\n', "UTF-8"),
        (GOOD * (MOST_EXAMPLES + 1), str(MOST_EXAMPLES)),
    ],
)
def test_a_dataset_that_is_not_prompts_and_answers_is_refused(data: bytes, named: str) -> None:
    with pytest.raises(DataUnusable, match=named):
        read(data)


def test_as_many_examples_as_are_allowed_are_read() -> None:
    assert len(read(GOOD * MOST_EXAMPLES)) == MOST_EXAMPLES


def test_an_example_longer_than_the_context_is_refused_and_one_as_long_is_not(base: LanguageModel) -> None:
    room = base.network.shape.context - 3 - len("p")
    assert len(encode(base, [Example("p", "a" * room)])[0].tokens) == base.network.shape.context
    with pytest.raises(DataUnusable, match=f"line 1: {base.network.shape.context + 1} tokens"):
        encode(base, [Example("p", "a" * (room + 1))])


def test_what_a_prompt_spells_never_becomes_a_special_token(base: LanguageModel) -> None:
    (encoded,) = encode(base, [Example(json.dumps("\x00\xff"), "x")])
    assert [token for token in encoded.tokens if token > 255] == [256, 257, 258]
