"""An honest voter whose scores are going to be blurred: no unit can move a mean by more than its share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fl_alliance.behaviour import Case
from fl_alliance.chain.rules.candidates import LOSS_LIMIT
from fl_alliance.dp.errors import PrivacyError
from fl_alliance.dp.units import Unit, members
from fl_alliance.workloads.base import Arrays, HasLosses, Score, Site


@dataclass(frozen=True, slots=True)
class BoundedJudge:
    """Scores models by the mean over units of each unit's mean loss, cut off at `LOSS_LIMIT`.

    The cut comes before the mean. A mean that is cut afterwards can be moved from 0 to the limit by one example that is
    wrong enough, and no noise made for a share of 1 / n of it would hide that.
    """

    workload: HasLosses
    site: Site
    unit: Unit

    def assess(self, case: Case) -> Sequence[Score]:
        """Return a score of each of the case's models; its loss in [0, 4], of so many units, and nothing else."""
        return [self._score(model) for model in case.models]

    def contributions(self, case: Case, best: int) -> Mapping[int, float]:
        """Refuse: what a proposal contributed is told without noise."""
        raise PrivacyError("rule.score_epsilon: contributions carry no noise; needed rule.reward=stake")

    def _score(self, model: Arrays) -> Score:
        losses = self.workload.losses(model, self.site.heldout)
        bounded = np.nan_to_num(losses, nan=LOSS_LIMIT, posinf=LOSS_LIMIT, neginf=0.0).clip(0.0, 1e9)
        groups = members(self.site.heldout, self.unit)
        means = [min(float(bounded[places].mean()), LOSS_LIMIT) for places in groups]
        return Score(float("nan"), float(np.mean(means)), len(groups))
