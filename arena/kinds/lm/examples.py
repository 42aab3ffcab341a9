"""Prompts with their answers: the lm-lora kind's datasets, as JSON lines and as tokens."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from fl_alliance.arena.errors import shown
from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.lm.model import LanguageModel
from fl_alliance.chain import strict_json

MOST_EXAMPLES = 10_000
_FIELDS = {"prompt", "answer"}


@dataclass(frozen=True, slots=True)
class Example:
    """What is asked and what the model is to answer, letter for letter."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """An example as tokens: `tokens[answer_at:]` are the answer and the token that closes it."""

    tokens: tuple[int, ...]
    answer_at: int


def write(examples: Sequence[Example]) -> bytes:
    """Return a dataset: one JSON object a line, in UTF-8."""
    lines = [json.dumps({"prompt": e.prompt, "answer": e.answer}, ensure_ascii=False) + "\n" for e in examples]
    return "".join(lines).encode()


def read(data: bytes) -> tuple[Example, ...]:
    """Return the examples of a dataset.

    Raises
    ------
    DataUnusable
        Not UTF-8, a line that is not exactly a prompt and an answer, an empty answer, or too many lines.
    """
    try:
        lines = data.decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise DataUnusable(f"byte {error.start} that is not UTF-8", "JSON lines in UTF-8") from None
    if len(lines) > MOST_EXAMPLES:
        raise DataUnusable(f"{len(lines)} lines", f"1 to {MOST_EXAMPLES}")
    return tuple(_example(number, line) for number, line in enumerate(lines, 1))


def encode(base: LanguageModel, examples: Sequence[Example]) -> list[Encoded]:
    """Return the examples as the base model's tokens.

    Raises
    ------
    DataUnusable
        An example longer than the base model's context, or an answer that the tokenizer does not give back: a score
        over bytes the model never had to predict would be a gift.
    """
    return [_encoded(base, number, example) for number, example in enumerate(examples, 1)]


def _example(number: int, line: str) -> Example:
    needed = 'an object with exactly the texts "prompt" and "answer", the answer not empty'
    try:
        found = strict_json.parse(line)
    except ValueError:
        raise DataUnusable(f"line {number}: {shown(line)}", needed) from None
    if not isinstance(found, dict) or set(found) != _FIELDS or not all(isinstance(t, str) for t in found.values()):
        raise DataUnusable(f"line {number}: {shown(line)}", needed)
    try:
        "".join(found.values()).encode()
    except UnicodeEncodeError:
        raise DataUnusable(f"line {number}: half a surrogate pair", "text that UTF-8 can write") from None
    if not found["answer"]:
        raise DataUnusable(f"line {number}: an empty answer", needed)
    return Example(found["prompt"], found["answer"])


def _encoded(base: LanguageModel, number: int, example: Example) -> Encoded:
    answer = base.tokenizer.encode(example.answer)
    if base.tokenizer.decode(answer) != example.answer:
        raise DataUnusable(f"line {number}: {shown(example.answer)}", f"what the tokenizer of {base.name} gives back")
    question = base.tokenizer.frame(example.prompt)
    tokens = (*question, *answer, base.tokenizer.end)
    most = base.network.shape.context
    if len(tokens) > most:
        raise DataUnusable(f"line {number}: {len(tokens)} tokens", f"at most the base model's context of {most}")
    return Encoded(tokens, len(question))
