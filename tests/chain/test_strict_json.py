"""JSON from strangers."""

import sys
from collections.abc import Iterator

import pytest

from fl_alliance.chain.strict_json import DEEPEST, parse


@pytest.fixture
def unlimited() -> Iterator[None]:
    """Let the interpreter recurse as deep as py-evm lets it, and deeper: then too deep is a crash, no exception."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10**6)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("text", ["[" * 10**6, '{"a":' * 10**6, "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)])
def test_nesting_is_refused_before_the_parser_can_crash(text: str) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parse(text)


def test_nesting_up_to_the_limit_and_brackets_in_text_are_fine() -> None:
    assert parse("[" * DEEPEST + "]" * DEEPEST)
    assert parse('["' + "[{" * 100 + r"\"[" + '"]') == ["[{" * 100 + '"[']


@pytest.mark.parametrize(
    ("text", "reason"), [('{"a":1,"a":2}', "twice"), ("[NaN]", "NaN"), ("[Infinity]", "Infinity"), ("[1", "delimiter")]
)
def test_what_two_readers_could_understand_differently_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(text)
