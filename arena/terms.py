"""What a creator chooses of a task beside its data: days, windows, money and the rules' parameters, with defaults."""

from dataclasses import asdict, dataclass

from fl_alliance.arena.task import TaskSpec
from fl_alliance.chain.arena_types import TaskParams
from fl_alliance.chain.types import WEI_PER_FML

_HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a task; each field is what `TaskParams` says of it.

    Windows of 12, 2, 6 and 2 hours leave two hours of every day for settling it. A validator that is off by .002 of the
    loss unit loses a fifth of its weight, by .02 six sevenths (lambda = 100).
    """

    day_count: int = 5
    submit_s: int = 12 * _HOUR_S
    reveal_s: int = 2 * _HOUR_S
    score_s: int = 6 * _HOUR_S
    reveal_scores_s: int = 2 * _HOUR_S
    paid_nodes: int = 10
    paid_validators: int = 10
    validator_limit: int = 50
    slash_bps: int = 1_000
    power_halves: int = 2
    min_node_stake_wei: int = 100 * WEI_PER_FML
    min_validator_stake_wei: int = 100 * WEI_PER_FML
    floor_bps: int = 0
    now_bps: int = 1_000
    delegated_bps: int = 10_000
    submission_fee_wei: int = 2 * WEI_PER_FML
    daily_wei: int = 0
    rank_wad: int = 85 * 10**16
    decay_wad: int = 100 * 10**18
    creator_stake_wei: int = 1_000 * WEI_PER_FML

    def params(self, spec: TaskSpec, first_day: int) -> TaskParams:
        """Return a task's parameters; raises `ValueError` where a term is out of its range."""
        return TaskParams(
            kind=spec.kind,
            spec_digest=spec.digest,
            dataset_a=spec.dataset_a,
            dataset_b=spec.dataset_b,
            base_model=spec.base_model,
            first_day=first_day,
            max_parameters=spec.max_parameters,
            **asdict(self),
        )
