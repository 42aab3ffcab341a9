"""Who is malicious, and who of them acts in a round: decided by the configuration's seed, nobody's secret."""

import random
from collections.abc import Sequence
from typing import Literal

from fl_alliance.settings import JobConfig

Role = Literal["proposers", "voters"]


def coalition(config: JobConfig) -> tuple[int, ...]:
    """Return the malicious sites, ascending: those named, else the share of all that the seed draws, rounded down."""
    if config.attack.nodes:
        return tuple(sorted(set(config.attack.nodes)))
    return _drawn(range(config.nodes), config.attack.share * config.nodes, f"coalition {config.seed}")


def acting(config: JobConfig, role: Role, round_number: int, committee: Sequence[int]) -> tuple[int, ...]:
    """Return which sites of a round's committee attack, ascending; the rest of the coalition behaves.

    At most the share `attack.proposers` or `attack.voters` of the committee, rounded down. So a study can say what
    exactly a committee holds, whatever the draw. Sites that are not told who was drawn take all for drawn.
    """
    there = committee or range(config.nodes)
    malicious = [site for site in coalition(config) if site in there]
    most = getattr(config.attack, role) * len(there)
    return _drawn(malicious, min(most, len(malicious)), f"{role} {config.seed} {round_number}")


def _drawn(sites: Sequence[int], count: float, seed: str) -> tuple[int, ...]:
    whole = int(count + 1e-9)  # .3 of 10 is 3, whatever binary fractions say
    return tuple(sorted(random.Random(seed).sample(list(sites), whole)))  # noqa: S311  reproducible, no secret
