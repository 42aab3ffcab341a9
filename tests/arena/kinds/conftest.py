"""The tiny base model and what a node makes of it: trained once, since that takes some seconds."""

from collections.abc import Iterator

import pytest
import torch

from fl_alliance.arena.kinds.base import Datasets
from fl_alliance.arena.kinds.lm.model import LanguageModel
from fl_alliance.arena.kinds.lm.tiny import pretrained, tiny
from fl_alliance.arena.kinds.lm_lora import LmLora


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small are faster on one core than on several that wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def base_file() -> bytes:
    return pretrained()


@pytest.fixture(scope="session")
def base(base_file: bytes) -> LanguageModel:
    return tiny(base_file)


@pytest.fixture(scope="session")
def kind(base: LanguageModel) -> LmLora:
    return LmLora(base)


@pytest.fixture(scope="session")
def data(kind: LmLora) -> Datasets:
    return kind.datasets(seed=1)


@pytest.fixture(scope="session")
def untrained(kind: LmLora) -> bytes:
    return kind.initial(seed=1)


@pytest.fixture(scope="session")
def honest(kind: LmLora, untrained: bytes, data: Datasets) -> bytes:
    """An adapter trained with the whole budget."""
    return kind.train(untrained, data.train, kind.budget, seed=1)
