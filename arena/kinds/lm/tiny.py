"""A language model small enough for tests: a Llama of 156,000 parameters over bytes, trained on Python's own help.

The text ships with CPython (`pydoc_data.topics`), so nothing is downloaded. It differs between versions of Python, and
sums differ between machines: a task's creator trains the base once and everybody else takes its file from the store.
"""

import hashlib
from pydoc_data.topics import topics

import torch
from torch import Tensor
from torch.nn import functional

from fl_alliance.arena.kinds.base import Budget, Progress, Reporter, silent
from fl_alliance.arena.kinds.lm.llama import Llama, Shape
from fl_alliance.arena.kinds.lm.model import LanguageModel
from fl_alliance.arena.kinds.lm.tokenizer import ANSWER, END, START, ByteTokenizer
from fl_alliance.arena.kinds.lm.training import rate
from fl_alliance.arena.kinds.seeded import derive, reproducible
from fl_alliance.arena.parameters import load_parameters, pack_parameters

SHAPE = Shape(ByteTokenizer.vocabulary, width=64, layers=3, heads=4, kv_heads=2, inner=176, context=256)
STEPS, BATCH, LENGTH, LEARNING_RATE = 300, 8, 96, 7e-3
SPREAD = 0.06
"""Standard deviation of the untrained weights."""
BUDGET = Budget(steps=200, batch_size=8, learning_rate=1e-2)


def pretrained(seed: int = 0, progress: Reporter = silent) -> bytes:
    """Return the file of a base model trained from nothing; the same bytes for the same seed, machine and Python."""
    text = torch.tensor(list("\n\n".join(topics[name] for name in sorted(topics)).encode()))
    with reproducible(derive(seed, "tiny"), threads=1):
        network = _untrained()
        optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=0.0)
        for step in range(STEPS):
            optimizer.param_groups[0]["lr"] = LEARNING_RATE * rate(step, STEPS)
            loss = _loss(network, text)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            progress(Progress(step + 1, STEPS, float(loss.detach())))
    return pack_parameters({name: value.detach().numpy() for name, value in network.state_dict().items()})


def tiny(content: bytes) -> LanguageModel:
    """Return the base model whose file `pretrained` made.

    Raises
    ------
    SubmissionRefused
        Not such a file.
    """
    network = Llama(SHAPE)
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    arrays = load_parameters(content, shapes)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    return LanguageModel("tiny", hashlib.sha256(content).digest(), network, ByteTokenizer(), BUDGET)


def _untrained() -> Llama:
    network = Llama(SHAPE)
    for parameter in network.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=SPREAD)
    return network


def _loss(network: Llama, text: Tensor) -> Tensor:
    """Return the mean loss on random stretches of the text, each framed as a question and its answer."""
    starts = torch.randint(len(text) - LENGTH, (BATCH, 1))
    stretches = text[starts + torch.arange(LENGTH)]
    at = int(torch.randint(1, LENGTH, ()))
    special = torch.tensor([START, ANSWER, END]).repeat(BATCH, 1)
    tokens = torch.cat([special[:, :1], stretches[:, :at], special[:, 1:2], stretches[:, at:], special[:, 2:]], dim=1)
    where = torch.ones(BATCH, LENGTH + 2, dtype=torch.bool)
    return functional.cross_entropy(network(tokens[:, :-1], where), tokens[:, 1:].flatten())
