"""How text becomes tokens: the task's base model decides, never a submission."""

from collections.abc import Sequence
from typing import Protocol

START, ANSWER, END = 256, 257, 258


class Tokenizer(Protocol):
    """Text to tokens and back, without losing a byte; special tokens come from `frame` and `end`, never from text."""

    @property
    def end(self) -> int:
        """The token that closes an answer."""

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text; what looks like a special token in it is ordinary text."""

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens that `encode` gave."""

    def frame(self, prompt: str) -> list[int]:
        """Return a prompt as the model was taught to see one, up to where its answer begins."""


class ByteTokenizer:
    """One token a byte of UTF-8, and three special ones."""

    vocabulary = 259
    end = END

    def encode(self, text: str) -> list[int]:
        """Return the bytes."""
        return list(text.encode())

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of bytes."""
        return bytes(tokens).decode()

    def frame(self, prompt: str) -> list[int]:
        """Return START, the prompt's bytes, ANSWER."""
        return [START, *self.encode(prompt), ANSWER]
