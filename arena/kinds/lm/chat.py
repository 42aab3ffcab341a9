"""The tokenizer of a chat model of SmolLM's kind, put together from what its GGUF file tells of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fl_alliance.arena.errors import ExtraMissing

if TYPE_CHECKING:
    from gguf import GGUFReader
    from tokenizers import Tokenizer as Merger

_START, _END = "<|im_start|>", "<|im_end|>"


class ChatTokenizer:
    """Byte-level merges (Sennrich et al. 2016), every digit by itself, and a conversation without a system message."""

    def __init__(self, merger: "Merger", start: int, end: int) -> None:
        self._merger, self._start, self.end = merger, start, end

    @classmethod
    def of(cls, reader: "GGUFReader") -> "ChatTokenizer":
        """Return the tokenizer that a file describes; raises ExtraMissing without the extra `arena`."""
        try:
            from tokenizers import Tokenizer, decoders, models, pre_tokenizers
        except ImportError:
            raise ExtraMissing("a chat model's tokenizer", "tokenizers") from None
        words = {word: index for index, word in enumerate(reader.fields["tokenizer.ggml.tokens"].contents())}
        pairs = [tuple(pair.split(" ")) for pair in reader.fields["tokenizer.ggml.merges"].contents()]
        merger = Tokenizer(models.BPE(words, pairs))
        merger.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
        merger.decoder = decoders.ByteLevel()
        return cls(merger, words[_START], words[_END])

    def encode(self, text: str) -> list[int]:
        """Return the tokens; no merge makes a special one, so text cannot spell it."""
        tokens: list[int] = self._merger.encode(text).ids
        return tokens

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text."""
        text: str = self._merger.decode(list(tokens))
        return text

    def frame(self, prompt: str) -> list[int]:
        """Return the tokens of a user's message and of the assistant's turn."""
        asked = [self._start, *self.encode(f"user\n{prompt}"), self.end, *self.encode("\n")]
        return [*asked, self._start, *self.encode("assistant\n")]
