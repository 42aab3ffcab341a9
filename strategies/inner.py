"""What the chain needs to know and to undo of the strategy that it wraps."""

import copy
import pickle
from collections.abc import Iterator, Mapping
from typing import Any

from flwr.serverapp.strategy import Bulyan, Krum, MultiKrum, Strategy

from fl_alliance.strategies.errors import CommitteeTooSmall


def layers(strategy: Strategy) -> Iterator[Strategy]:
    """Yield the strategy and those it wraps, outermost first (Flower's DP wrappers hold one in `.strategy`)."""
    current: object = strategy
    while isinstance(current, Strategy):
        yield current
        current = getattr(current, "strategy", None)


def check_committee(strategy: Strategy, proposers: int, voters: int) -> None:
    """Refuse a strategy that would wait without limit, or never aggregate, with this committee.

    Flower's strategies sample at least `min_train_nodes` and wait for `min_available_nodes`; Krum and Bulyan
    are defined only above a number of replies that depends on `num_malicious_nodes`; the DP wrappers release
    nothing unless `num_sampled_clients` replied.

    Raises
    ------
    CommitteeTooSmall
        Naming the setting, what it needs and what the task draws.
    """
    for layer in layers(strategy):
        for setting, needed in _train_needs(layer):
            if needed > proposers:
                raise CommitteeTooSmall(type(layer).__name__, setting, needed, "proposers", proposers)
        for setting in ("min_evaluate_nodes", "min_available_nodes"):
            needed = int(getattr(layer, setting, 0))
            if 0 < voters < needed:
                raise CommitteeTooSmall(type(layer).__name__, setting, needed, "voters", voters)


def _train_needs(layer: Strategy) -> Iterator[tuple[str, int]]:
    for setting in ("min_train_nodes", "min_available_nodes", "num_sampled_clients"):
        yield setting, int(getattr(layer, setting, 0))
    malicious = int(getattr(layer, "num_malicious_nodes", 0))
    if isinstance(layer, Bulyan):
        yield f"4 * num_malicious_nodes + 3 with num_malicious_nodes={malicious}", 4 * malicious + 3
    elif isinstance(layer, Krum | MultiKrum):
        yield f"2 * num_malicious_nodes + 3 with num_malicious_nodes={malicious}", 2 * malicious + 3


def snapshot(strategy: Strategy) -> list[dict[str, Any]]:
    """Return a deep copy of the state of every layer, optimiser moments included."""
    return [copy.deepcopy(_own_state(layer)) for layer in layers(strategy)]


def restore(strategy: Strategy, saved: list[Mapping[str, Any]] | list[dict[str, Any]]) -> None:
    """Put every layer back to a snapshot."""
    for layer, state in zip(layers(strategy), saved, strict=True):
        wrapped = {name: value for name, value in vars(layer).items() if isinstance(value, Strategy)}
        vars(layer).clear()
        vars(layer).update(copy.deepcopy(dict(state)), **wrapped)


def dump(strategy: Strategy) -> bytes:
    """Return the state of every layer as bytes, for a resume on the same machine.

    What cannot be pickled (a closure, an open file) is left out and keeps the value that its constructor gave
    it; Flower's own strategies keep only arrays and numbers beside their constructor's arguments.
    """
    return pickle.dumps([{k: v for k, v in _own_state(layer).items() if _picklable(v)} for layer in layers(strategy)])


def load(strategy: Strategy, content: bytes) -> None:
    """Put every layer back to what `dump` gave; `content` must come from the user's own run folder."""
    for layer, state in zip(layers(strategy), pickle.loads(content), strict=True):  # noqa: S301  own file
        vars(layer).update(state)


def _own_state(layer: Strategy) -> dict[str, Any]:
    return {name: value for name, value in vars(layer).items() if not isinstance(value, Strategy)}


def _picklable(value: object) -> bool:
    try:
        pickle.dumps(value)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True
