"""Greedy decoding: what a language model with an adapter writes after a prompt."""

from collections.abc import Iterator

import torch

from fl_alliance.arena.adapters import Adapter
from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.lm.lora import attached
from fl_alliance.arena.kinds.lm.model import LanguageModel


def written(base: LanguageModel, adapter: Adapter, prompt: str, most: int) -> Iterator[str]:
    """Yield the text of each token of the answer, until the model closes it or `most` tokens are written.

    A token that ends within a character yields nothing yet. One caller at a time: the adapter hangs on the base while
    this goes on.

    Raises
    ------
    DataUnusable
        The prompt leaves no room in the base model's context.
    """
    tokens = base.tokenizer.frame(prompt)
    begin, room = len(tokens), base.network.shape.context - len(tokens)
    if room < 1:
        raise DataUnusable(f"a prompt of {begin} tokens", f"fewer than the base model's context of {begin + room}")
    shown = ""
    with attached(base.network, adapter):
        for _ in range(min(most, room)):
            token = _next(base, tokens)
            if token == base.tokenizer.end:
                return
            tokens.append(token)
            text = _decoded(base, tokens[begin:])
            yield text[len(shown) :]
            shown = text


def _next(base: LanguageModel, tokens: list[int]) -> int:
    where = torch.zeros(1, len(tokens), dtype=torch.bool)
    where[0, -1] = True
    with torch.inference_mode():
        return int(base.network(torch.tensor([tokens]), where).argmax())


def _decoded(base: LanguageModel, tokens: list[int]) -> str:
    """Return the text of tokens, up to the last whole character."""
    for cut in range(min(4, len(tokens))):
        try:
            return base.tokenizer.decode(tokens[: len(tokens) - cut]).rstrip("\ufffd")
        except ValueError:  # half a character, or a special token
            continue
    return ""
