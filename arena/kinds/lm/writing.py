"""Writing an answer by greedy decoding: after each token the likeliest one, up to the token that closes the answer."""

import torch

from fl_alliance.arena.kinds.lm.model import LanguageModel


def write_answer(base: LanguageModel, prompt: str, most: int = 96) -> str:
    """Return what the network as it is now, adapter attached or not, answers to a prompt.

    Each token runs the whole text again: answers are short, and the network has no cache to go wrong.

    Parameters
    ----------
    most : int
        Tokens of the answer. It also ends where the base model's context does.
    """
    tokens = base.tokenizer.frame(prompt)
    start = len(tokens)
    with torch.inference_mode():
        while len(tokens) < min(start + most, base.network.shape.context):
            given = torch.tensor([tokens])
            where = torch.zeros_like(given, dtype=torch.bool)
            where[0, -1] = True
            chosen = int(base.network(given, where).argmax())
            if chosen == base.tokenizer.end:
                break
            tokens.append(chosen)
    return base.tokenizer.decode(tokens[start:])
