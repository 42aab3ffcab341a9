"""What the chain needs to know and to undo of the strategy that it wraps."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from flwr.serverapp.strategy import Bulyan, Krum, MultiKrum, Strategy

from fl_alliance.strategies.errors import CommitteeTooSmall, SettingRefused
from fl_alliance.strategies.nnm import NearestNeighborMixing
from fl_alliance.strategies.state import is_plain, pack, unpack

_COUNTS = (
    "min_train_nodes",
    "min_evaluate_nodes",
    "min_available_nodes",
    "num_sampled_clients",
    "num_malicious_nodes",
)
"""Settings that count nodes, in Flower's strategies and their kin."""


def layers(strategy: Strategy) -> Iterator[Strategy]:
    """Yield the strategy and those it wraps, outermost first (Flower's DP wrappers hold one in `.strategy`)."""
    current: object = strategy
    while isinstance(current, Strategy):
        yield current
        current = getattr(current, "strategy", None)


def check_committee(strategy: Strategy, proposers: int, voters: int, seen: int | None = None) -> None:
    """Refuse a strategy that would wait without limit, or never aggregate, with this committee.

    `seen` is how many updates it is shown, where that is fewer than there are proposers: one for each group of them.

    Flower's strategies sample at least `min_train_nodes` and wait for `min_available_nodes`; Krum and Bulyan
    are defined only above a number of replies that depends on `num_malicious_nodes`; the DP wrappers release
    nothing unless `num_sampled_clients` replied.

    Raises
    ------
    CommitteeTooSmall
        Naming the setting, what it needs and what the task draws.
    SettingRefused
        A setting that is no number in its range, or asks for more updates than are shown.
    """
    for layer in layers(strategy):
        _check_numbers(layer)
        for setting, needed in _train_needs(layer):
            if needed > proposers:
                raise CommitteeTooSmall(type(layer).__name__, setting, needed, "proposers", proposers)
        for setting, needed in _aggregation_needs(layer):
            if seen is not None and needed > seen:
                wanted = f"at most {seen}, the groups of proposers that it is shown"
                raise SettingRefused(type(layer).__name__, setting, needed, wanted)
        for setting in ("min_evaluate_nodes", "min_available_nodes"):
            needed = int(getattr(layer, setting, 0))
            if 0 < voters < needed:
                raise CommitteeTooSmall(type(layer).__name__, setting, needed, "voters", voters)


def _check_numbers(layer: Strategy) -> None:
    """Refuse what Flower would choke on in mid-round: it samples a fraction of the committee, above 1 for ever."""
    fraction = getattr(layer, "fraction_train", 1.0)
    if not isinstance(fraction, int | float) or not 0 < fraction <= 1:
        raise SettingRefused(type(layer).__name__, "fraction_train", fraction, "a number above 0 and up to 1")
    fraction = getattr(layer, "fraction_evaluate", 1.0)
    if not isinstance(fraction, int | float) or not 0 <= fraction <= 1:
        raise SettingRefused(type(layer).__name__, "fraction_evaluate", fraction, "a number from 0 to 1")
    for setting in _COUNTS:
        count = getattr(layer, setting, 0)
        if not isinstance(count, int) or count < 0:
            raise SettingRefused(type(layer).__name__, setting, count, "a whole number from 0")


def _train_needs(layer: Strategy) -> Iterator[tuple[str, int]]:
    for setting in ("min_train_nodes", "min_available_nodes"):
        yield setting, int(getattr(layer, setting, 0))
    yield from _aggregation_needs(layer)


def _aggregation_needs(layer: Strategy) -> Iterator[tuple[str, int]]:
    yield "num_sampled_clients", int(getattr(layer, "num_sampled_clients", 0))
    malicious = int(getattr(layer, "num_malicious_nodes", 0))
    if isinstance(layer, Bulyan):
        yield f"4 * num_malicious_nodes + 3 with num_malicious_nodes={malicious}", 4 * malicious + 3
    elif isinstance(layer, Krum | MultiKrum):
        yield f"2 * num_malicious_nodes + 3 with num_malicious_nodes={malicious}", 2 * malicious + 3
    elif isinstance(layer, NearestNeighborMixing):
        yield f"2 * num_malicious_nodes + 1 with num_malicious_nodes={malicious}", 2 * malicious + 1


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
    """Return the state of every layer as bytes, for a resume.

    What is no array, number, text or collection of them (a function, an open file) is left out and keeps what its
    constructor gave it; Flower's own strategies keep nothing else beside their constructor's arguments.
    """
    layered = {str(index): _plain_state(layer) for index, layer in enumerate(layers(strategy))}
    return pack(layered)


def load(strategy: Strategy, content: bytes) -> None:
    """Put every layer back to what `dump` gave; raises ValueError on other bytes."""
    saved = unpack(content)
    for index, layer in enumerate(layers(strategy)):
        vars(layer).update(saved[str(index)])


def _own_state(layer: Strategy) -> dict[str, Any]:
    return {name: value for name, value in vars(layer).items() if not isinstance(value, Strategy)}


def _plain_state(layer: Strategy) -> dict[str, Any]:
    return {name: value for name, value in _own_state(layer).items() if is_plain(value)}
