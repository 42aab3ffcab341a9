"""Scoring on one machine what validators would each score on their own: every model once, several at a time."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from fl_alliance.arena.originals import Originals
from fl_alliance.arena.role import Desk, Role
from fl_alliance.arena.scoring import Scorer
from fl_alliance.arena.task import Task
from fl_alliance.chain.arena_types import Verdict

_Pair = tuple[bytes, bytes]


class SharedScorer:
    """A scorer that scores each model once on each dataset, whoever asks and however often.

    Parameters
    ----------
    scorer : callable
        What scores; called from several threads.
    at_once : int
        How many models are scored at a time, at least 1.
    """

    def __init__(self, scorer: Scorer, at_once: int = 2) -> None:
        self._scorer, self._pool = scorer, ThreadPoolExecutor(at_once)
        self._found: dict[_Pair, Future[int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __call__(self, artifact: bytes, data: bytes) -> int:
        """Return a model's score; raises what the scorer does, and then the next call tries again."""
        pair = _named(artifact, data)
        try:
            return self._begun(pair, artifact, data).result()
        except BaseException:
            self._found.pop(pair, None)
            raise

    def begin(self, artifacts: Iterable[bytes], data: bytes) -> None:
        """Begin to score models that will be asked for."""
        for artifact in artifacts:
            self._begun(_named(artifact, data), artifact, data)

    def _begun(self, pair: _Pair, artifact: bytes, data: bytes) -> Future[int]:
        if pair not in self._found:
            self._found[pair] = self._pool.submit(self._scorer, artifact, data)
        return self._found[pair]


class Bench(Role):
    """Begins to score what the validators are about to ask for, so that all of the machine's cores are used."""

    def __init__(self, desk: Desk, task: Task, kind: Any, scorer: SharedScorer) -> None:
        super().__init__(desk, task)
        self.scorer, self._originals = scorer, Originals(desk, task, kind)

    def score(self, day: int) -> None:
        """Begin with all models of a day that are no copies; those nobody scores."""
        is_final = day == self.calendar.last
        dataset = self.arena.state(self.number).dataset_b if is_final else self.spec.dataset_a
        copies, submissions = self._originals.copies(day), self.arena.submissions(self.number, day)
        wanted = [
            found.digest
            for place, found in enumerate(submissions)
            if found.verdict is Verdict.REVEALED and place not in copies
        ]
        artifacts = [self.desk.fetch(digest, self.spec.max_bytes) for digest in (self.spec.base_model, *wanted)]
        self.scorer.begin([found for found in artifacts if found is not None], self.desk.store.get(dataset))


def _named(artifact: bytes, data: bytes) -> _Pair:
    return hashlib.sha256(artifact).digest(), hashlib.sha256(data).digest()
