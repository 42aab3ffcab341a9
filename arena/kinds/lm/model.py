"""A task's base model: network and tokenizer, which all submissions share and none brings along."""

from dataclasses import dataclass

from fl_alliance.arena.kinds.base import Budget
from fl_alliance.arena.kinds.lm.llama import Llama
from fl_alliance.arena.kinds.lm.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A base model.

    Attributes
    ----------
    name : str
        For people.
    digest : bytes
        sha256 of the file the weights were read from: what the task on the chain names.
    network : Llama
        Its parameters are never trained.
    tokenizer : Tokenizer
        The only one with which anything is scored.
    budget : Budget
        With which adapters of it learn the default task.
    """

    name: str
    digest: bytes
    network: Llama
    tokenizer: Tokenizer
    budget: Budget

    def __post_init__(self) -> None:
        self.network.requires_grad_(False).eval()
