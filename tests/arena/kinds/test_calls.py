"""The default task's data: what is asked, the call that does it, and three sets that share no prompt."""

import json
from itertools import combinations

import pytest

from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.lm.calls import SETS, examples, set_of
from fl_alliance.arena.kinds.lm.examples import MOST_EXAMPLES, read, write
from fl_alliance.arena.kinds.lm.phrases import PHRASES, TOOLS, fillers_of


def test_no_prompt_is_in_two_sets_whatever_the_seeds() -> None:
    drawn = {name: {e.prompt for seed in range(4) for e in examples(name, 300, seed)} for name in SETS}
    for one, other in combinations(SETS, 2):
        assert len(drawn[one]) > 900
        assert not drawn[one] & drawn[other]


def test_a_prompt_says_by_itself_which_set_it_may_be_in() -> None:
    for name in SETS:
        assert {set_of(example.prompt) for example in examples(name, 100, 5)} == {name}


def test_a_set_holds_as_many_different_prompts_as_were_asked_for_and_every_tool() -> None:
    drawn = examples("a", 48, 0)
    assert len({example.prompt for example in drawn}) == len(drawn) == 48
    counts = [sum(json.loads(example.answer)["tool"] == tool for example in drawn) for tool in TOOLS]
    assert sum(counts) == 48
    assert min(counts) >= 1


def test_the_same_seed_draws_the_same_data_and_another_seed_others() -> None:
    assert write(examples("train", 50, 3)) == write(examples("train", 50, 3))
    assert write(examples("train", 50, 3)) != write(examples("train", 50, 4))


def test_an_answer_is_a_call_of_a_tool_with_words_of_the_prompt() -> None:
    for example in examples("b", 300, 0):
        call = json.loads(example.answer)
        tool = call.pop("tool")
        assert tuple(call) == TOOLS[tool]
        for name, value in call.items():
            assert value in example.prompt
            assert value in fillers_of(tool, name)


def test_every_tool_of_the_agent_is_taught_with_its_arguments() -> None:
    from fl_alliance.agent.tools import TOOLS as KNOWN

    asked = {name: tuple(part.metadata["name"] for part in tool.parts()) for name, tool in KNOWN.items()}
    assert asked == TOOLS


@pytest.mark.parametrize("tool", TOOLS)
def test_every_phrase_names_all_arguments_of_its_tool_once(tool: str) -> None:
    for phrase in PHRASES[tool]:
        assert all(phrase.count(f"{{{name}}}") == 1 for name in TOOLS[tool])
        assert phrase.count("{") == len(TOOLS[tool])


def test_data_are_read_as_they_were_written() -> None:
    drawn = examples("train", 20, 0)
    assert read(write(drawn)) == drawn


@pytest.mark.parametrize("count", [0, MOST_EXAMPLES + 1])
def test_a_number_of_examples_that_no_dataset_may_have_is_refused(count: int) -> None:
    with pytest.raises(DataUnusable, match=f"{count} examples"):
        examples("train", count, 0)


def test_the_largest_training_set_can_be_drawn() -> None:
    drawn = examples("train", MOST_EXAMPLES, 0)
    assert len({example.prompt for example in drawn}) == MOST_EXAMPLES
