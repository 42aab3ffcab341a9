"""The kind `lm-lora`: a low-rank adapter of a language model, scored by bits per byte of the answers it should give."""

from collections.abc import Callable
from dataclasses import dataclass

from fl_alliance.arena.adapters import Adapter, AdapterSpec, load_adapter, pack_adapter
from fl_alliance.arena.copies import AdapterUpdate
from fl_alliance.arena.kinds.base import ArtifactLimits, Budget, Datasets, Reporter, millionths, silent
from fl_alliance.arena.kinds.lm import calls
from fl_alliance.arena.kinds.lm.examples import Example, read, write
from fl_alliance.arena.kinds.lm.lora import adaptable, attached, untrained
from fl_alliance.arena.kinds.lm.model import LanguageModel
from fl_alliance.arena.kinds.lm.scoring import Judgement, judge
from fl_alliance.arena.kinds.lm.training import trained

MAX_RANK = 64
Maker = Callable[[str, int, int], tuple[Example, ...]]
"""Name of a set (`train`, `a`, `b`), how many examples, seed -> the examples."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many examples the sets of a task have."""

    train: int = 512
    a: int = 48
    b: int = 48


class LmLora:
    """Adapters on all linear layers of one base model.

    Parameters
    ----------
    base
        The task's base model, e.g. `smollm2()`.
    rank
        Of adapters that start here, 1 to `MAX_RANK`; others' may have any rank up to that.
    alpha
        Their scale times the rank.
    make
        Where `datasets` takes examples from.
    sizes
        How many.
    """

    name, loss_unit = "lm-lora", "bits per byte"

    def __init__(
        self,
        base: LanguageModel,
        rank: int = 16,
        alpha: float = 32.0,
        make: Maker = calls.examples,
        sizes: Sizes = Sizes(),
    ) -> None:
        self.base, self.rank, self.alpha = base, rank, alpha
        self.make, self.sizes = make, sizes
        self.spec = AdapterSpec(adaptable(base.network), MAX_RANK)

    @property
    def limits(self) -> ArtifactLimits:
        """What an adapter of the largest rank has."""
        return ArtifactLimits(self.spec.parameters(MAX_RANK))

    @property
    def budget(self) -> Budget:
        """What the base model was tuned with."""
        return self.base.budget

    def datasets(self, seed: int) -> Datasets:
        """Return JSON lines of prompts and answers; a validator can read them, and so can a person."""
        sizes = self.sizes
        return Datasets(
            write(self.make("train", sizes.train, seed)),
            write(self.make("a", sizes.a, seed)),
            write(self.make("b", sizes.b, seed)),
        )

    def initial(self, seed: int) -> bytes:
        """Return an adapter that changes nothing yet."""
        return pack_adapter(untrained(self.spec, self.rank, self.alpha, seed))

    def train(self, start: bytes, data: bytes, budget: Budget, seed: int, progress: Reporter = silent) -> bytes:
        """Return what the adapter `start` becomes; `progress` is called after every step."""
        return pack_adapter(trained(self.base, self.load(start), read(data), budget, seed, progress))

    def load(self, artifact: bytes) -> Adapter:
        """Return a stranger's adapter: no code, tokenizer, configuration or other tensor comes with it."""
        return load_adapter(artifact, self.spec)

    def parameters(self, model: Adapter) -> int:
        """Return how many values an adapter has."""
        return model.parameters

    def update(self, model: Adapter, origin: Adapter) -> AdapterUpdate:
        """Return what an adapter adds to the base; where every adapter starts, it adds nothing."""
        return AdapterUpdate(model, tuple(self.spec.layers))

    def judge(self, model: Adapter, data: bytes) -> Judgement:
        """Return bits per byte and exact matches of the base with this adapter."""
        with attached(self.base.network, model):
            return judge(self.base, read(data))

    def score(self, model: Adapter, data: bytes) -> int:
        """Return bits per byte of the answers' raw UTF-8, in millionths."""
        return millionths(self.judge(model, data).bits_per_byte)
