"""From a round's updates to what is put to the vote: the coordinator does it, and whoever checks the coordinator."""

from collections.abc import Mapping, Sequence

from flwr.app import MetricRecord
from flwr.serverapp.strategy import Strategy

from fl_alliance.strategies import wire
from fl_alliance.strategies.digests import Arrays
from fl_alliance.strategies.guarded import guarded
from fl_alliance.strategies.rules.base import Groups, Motion, Rule
from fl_alliance.strategies.updates import Update


def put_to_the_vote(
    strategy: Strategy,
    rule: Rule,
    number: int,
    old: Arrays,
    updates: Mapping[int, Update],
    members: Sequence[int],
    averages: Mapping[int, int],
    groups: Groups | None = None,
) -> tuple[Motion | None, MetricRecord | None]:
    """Return the motion of a round, None where the strategy makes nothing of the updates, and the training metrics.

    Parameters
    ----------
    strategy : Strategy
        Has configured this round's training, and keeps what it learns from the updates in its own state.
    number : int
        Of the round.
    old : Arrays
        The model adopted last.
    updates : mapping of int to Update
        By member, in the order of their commitment.
    members, averages, groups
        See `Rule.motion`.
    """
    if not updates:
        return None, None
    admitted = rule.admit(old, updates)
    with guarded(strategy, "aggregate_train", number):
        # By member, so that the result does not depend on who was fast.
        aggregate, metrics = strategy.aggregate_train(number, [admitted[member] for member in sorted(admitted)])
        if aggregate is None:
            return None, metrics
        candidate = _in_form_of(old, wire.to_arrays(aggregate))
    proposals = {member: update.arrays for member, update in updates.items()}
    return rule.motion(old, proposals, candidate, members, averages, groups), metrics


def _in_form_of(model: Arrays, aggregate: Arrays) -> Arrays:
    """Return the aggregate in the model's dtypes: FedAdam and its kin return float64 for a float32 model."""
    shapes, needed = ({name: array.shape for name, array in arrays.items()} for arrays in (aggregate, model))
    if list(shapes.items()) != list(needed.items()):
        raise ValueError(f"returned arrays {shapes}, needed the model's, {needed}")
    return {name: array.astype(model[name].dtype, copy=False) for name, array in aggregate.items()}
