"""Malicious proposers that know everything: what every honest proposer of the round sends, and what accomplices would.

This is the strongest threat model there is: an attacker that holds all sites' data, knows whom the round has drawn and
computes what the honest are about to send. No real coalition knows so much; what holds against this one holds.
"""

import random
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from fl_alliance.behaviour import Metrics, Trainer
from fl_alliance.coalition import acting
from fl_alliance.insider import Insider
from fl_alliance.strategies.geometry import Matrix, Shapes, Vector
from fl_alliance.workloads import get
from fl_alliance.workloads.base import Arrays, Site, TrainConfig, join


@dataclass(frozen=True, slots=True)
class View:
    """What an omniscient attacker sees of a round.

    Attributes
    ----------
    old : (coordinates,)
        The model adopted last; all updates are what is added to it.
    honest, accomplices : (proposers, coordinates)
        What the round's honest proposers send, and what the attackers would send if they were honest, each in the
        order of their site numbers. Where nobody is honest, `honest` is what the attackers would send.
    position : int
        This site's place among the accomplices.
    committee : tuple of int
        The sites that train in this round.
    own_chance, shared_chance : numpy Generators
        Seeded by the round: one of this site's, one that draws the same at every accomplice.
    """

    insider: Insider
    config: TrainConfig
    shapes: Shapes
    old: Vector
    honest: Matrix
    accomplices: Matrix
    position: int
    committee: tuple[int, ...]
    own_chance: np.random.Generator
    shared_chance: np.random.Generator

    @property
    def own(self) -> Vector:
        """What this site would send if it were honest."""
        return np.asarray(self.accomplices[self.position])


@dataclass
class Crafted(ABC):
    """Base of an attack that makes its update from a `View`; a class of your own says how in `craft`."""

    honest: Trainer
    insider: Insider

    @abstractmethod
    def craft(self, view: View) -> Vector:
        """Return the update to send."""

    def train(self, arrays: Arrays, config: TrainConfig, committee: Sequence[int] = ()) -> tuple[Arrays, Metrics]:
        """Return the old model with the crafted update, and the metrics of honest training."""
        _, metrics = self.honest.train(arrays, config, committee)
        view = self.look(arrays, config, committee)
        sent = view.shapes.arrays(view.old + self.craft(view))
        return {name: np.asarray(array, dtype=np.float32) for name, array in sent.items()}, metrics

    def look(self, arrays: Arrays, config: TrainConfig, committee: Sequence[int]) -> View:
        """Return what this site knows of a round."""
        insider, shapes, there = self.insider, Shapes.of(arrays), tuple(committee) or all_sites(self.insider)
        attackers = acting(insider.config, "proposers", config.round, there) or (insider.site,)
        old = shapes.flat(arrays)

        def updates(sites: Iterable[int]) -> Matrix:
            trained = (insider.workload.train(arrays, site_data(insider, site), config).arrays for site in sites)
            return np.array([shapes.flat(result) - old for result in trained])

        honest = [site for site in there if site not in attackers] or attackers
        return View(
            insider=insider,
            config=config,
            shapes=shapes,
            old=old,
            honest=updates(honest),
            accomplices=updates(attackers),
            position=attackers.index(insider.site),
            committee=there,
            own_chance=chance(insider, config.round, insider.site),
            shared_chance=chance(insider, config.round, None),
        )


def chance(insider: Insider, round_number: int, site: int | None) -> np.random.Generator:
    """Return a generator for a round: a site's own, or with None the one that accomplices share."""
    seed = random.Random(f"attack {insider.config.seed} {round_number} {site}").getrandbits(64)  # noqa: S311
    return np.random.default_rng(seed)


def all_sites(insider: Insider) -> tuple[int, ...]:
    """Return every site's number."""
    return tuple(range(insider.config.nodes))


def site_data(insider: Insider, site: int) -> Site:
    """Return any site's data, as that site has it."""
    return insider.data if site == insider.site else _Everybody.of(insider).sites[site]


def everybody(insider: Insider) -> Site:
    """Return a site that would hold all sites' held-out data."""
    return _Everybody.of(insider).together


@dataclass(frozen=True)
class _Everybody:
    """The sites of one federation, each loaded once in this process."""

    name: str
    options: tuple[tuple[str, Any], ...]
    nodes: int
    seed: int

    @staticmethod
    def of(insider: Insider) -> "_Everybody":
        config = insider.config
        options = tuple(sorted(config.workload.options.items()))
        return _shared(_Everybody(config.workload.name, options, config.nodes, config.seed))

    @cached_property
    def sites(self) -> list[Site]:
        workload = get(self.name, **dict(self.options))
        return [workload.load(site, self.nodes, self.seed) for site in range(self.nodes)]

    @cached_property
    def together(self) -> Site:
        return replace(self.sites[0], heldout=join([site.heldout for site in self.sites]))


@lru_cache(maxsize=4)
def _shared(everybody: _Everybody) -> _Everybody:
    return everybody
