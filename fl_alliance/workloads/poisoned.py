"""What an attacker can do with a site's training data, for the workloads that say how."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fl_alliance.workloads.base import Arrays, Site, Workload
from fl_alliance.workloads.errors import WorkloadError


@runtime_checkable
class CanFlip(Protocol):
    """A workload whose targets have an opposite."""

    def flipped(self, site: Site) -> Site:
        """Return the site with every training target turned into its opposite."""


@runtime_checkable
class HasBackdoor(Protocol):
    """A workload into which a backdoor can be trained: inputs with a trigger go to one class."""

    def triggered(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a copy of the inputs with the trigger in them."""

    def backdoored(self, site: Site, share: float) -> Site:
        """Return the site with trigger and target class in a share (0 to 1) of its training examples."""

    def backdoor_success(self, arrays: Arrays, sites: Sequence[Site]) -> float:
        """Return the share of the sites' test examples of other classes that the trigger sends to the target class."""


def flipped(workload: Workload, site: Site) -> Site:
    """Return the site as one that flips labels trains on it; raises WorkloadError where targets have no opposite."""
    if not isinstance(workload, CanFlip):
        raise WorkloadError(f"workload {workload.name}: cannot flip labels; needed: the method of CanFlip")
    return workload.flipped(site)


def backdoored(workload: Workload, site: Site, share: float = 0.5) -> Site:
    """Return the site as one that trains a backdoor has it; raises WorkloadError where the workload has none."""
    if not isinstance(workload, HasBackdoor):
        raise WorkloadError(f"workload {workload.name}: has no backdoor; needed: the methods of HasBackdoor")
    if not 0 <= share <= 1:
        raise WorkloadError(f"workload {workload.name}: backdoor in a share of {share}, needed: 0 to 1")
    return workload.backdoored(site, share)
