"""Greedy decoding within a closed choice: which of several texts a language model with an adapter would rather write.

Where all that are left go on alike the model is not asked: a choice costs as many of its steps as there are forks.
"""

from collections.abc import Sequence

import torch

from fl_alliance.arena.adapters import Adapter
from fl_alliance.arena.kinds.errors import DataUnusable
from fl_alliance.arena.kinds.lm.lora import attached
from fl_alliance.arena.kinds.lm.model import LanguageModel


def chosen(base: LanguageModel, adapter: Adapter, prompt: str, texts: Sequence[str]) -> str:
    """Return the one of the texts that the model arrives at, token by token the likeliest that leads to one of them.

    Parameters
    ----------
    texts
        At least one; none begins another.

    Raises
    ------
    DataUnusable
        Prompt and texts leave no room in the base model's context.
    """
    asked, left = base.tokenizer.frame(prompt), {text: base.tokenizer.encode(text) for text in texts}
    needed, context = len(asked) + max(map(len, left.values())), base.network.shape.context
    if needed > context:
        raise DataUnusable(f"a prompt and an answer of {needed} tokens", f"the base model's context of {context}")
    said: list[int] = []
    with attached(base.network, adapter):
        while len(left) > 1:
            allowed = sorted({tokens[len(said)] for tokens in left.values()})
            said.append(allowed[0] if len(allowed) == 1 else _likeliest(base, asked + said, allowed))
            left = {text: tokens for text, tokens in left.items() if tokens[: len(said)] == said}
    return next(iter(left))


def _likeliest(base: LanguageModel, tokens: list[int], allowed: list[int]) -> int:
    where = torch.zeros(1, len(tokens), dtype=torch.bool)
    where[0, -1] = True
    with torch.inference_mode():
        logits = base.network(torch.tensor([tokens]), where)[0]
    return allowed[int(logits[allowed].argmax())]
