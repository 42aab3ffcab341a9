"""Who takes part in the demonstration, with what, and what each of them does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fl_alliance.arena.terms import Terms
from fl_alliance.chain.types import WEI_PER_FML

CREATOR = "creator"
LARGE, SMALL = "honest-large", "honest-small"
COPIER, FREE_RIDER, ATTACKER = "copier", "free-rider", "attacker"
HONEST, LAZY, COLLUDING = "honest-validator", "lazy-validator", "colluding-validator"
CAREFUL, CARELESS = "careful-delegator", "careless-delegator"
CHEATS = (COPIER, FREE_RIDER, ATTACKER)
BAD_VALIDATORS = (LAZY, COLLUDING)


class Part(StrEnum):
    """What an account is in the task."""

    CREATOR = "task creator"
    NODE = "training node"
    VALIDATOR = "validator"
    DELEGATOR = "delegator"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in the market.

    Attributes
    ----------
    name : str
        What tables and folders call it.
    part : Part
    about : str
        What it does, for people.
    stake_fml : int
        Its own stake.
    sigma_bps : int or None
        What it keeps of its delegators' earnings, of 10,000; None: it takes no delegators.
    behind : mapping
        A delegator's: name of a delegate -> FML put behind it.
    """

    name: str
    part: Part
    about: str
    stake_fml: int = 0
    sigma_bps: int | None = None
    behind: Mapping[str, int] = field(default_factory=dict)

    @property
    def purse_fml(self) -> int:
        """What it begins with: what it stakes, delegates and pays in, and `POCKET_FML` for fees."""
        fund_fml = TERMS.daily_wei * TERMS.day_count // WEI_PER_FML if self.part is Part.CREATOR else 0
        return self.stake_fml + sum(self.behind.values()) + fund_fml + POCKET_FML


POCKET_FML = 1_000
TERMS = Terms(
    day_count=5,
    daily_wei=1_000 * WEI_PER_FML,
    creator_stake_wei=10_000 * WEI_PER_FML,
    min_node_stake_wei=100_000 * WEI_PER_FML,
    min_validator_stake_wei=250_000 * WEI_PER_FML,
    submission_fee_wei=100 * WEI_PER_FML,
    validator_limit=64,
)
"""The demonstration's terms: the default ones with amounts that a day's whole emission is in proportion to."""

CAST = (
    Member(CREATOR, Part.CREATOR, "makes the data, creates the task, shows the hidden dataset on the last day", 10_000),
    Member(LARGE, Part.NODE, "trains on all public data", 1_000_000, 2_000),
    Member(SMALL, Part.NODE, "trains on a small part of the data", 1_000_000),
    Member(COPIER, Part.NODE, "hands in the best model of the day before, as it is or with 2 % noise", 1_000_000),
    Member(FREE_RIDER, Part.NODE, "hands in the task's untrained model, with little stake of its own", 100_000, 0),
    Member(ATTACKER, Part.NODE, "hands in a poisoned model one day and a file that is none the next", 1_000_000),
    Member(HONEST, Part.VALIDATOR, "scores every model in the sandbox", 1_000_000, 2_000),
    Member(LAZY, Part.VALIDATOR, "scores nothing: says yesterday's middle of every model", 1_000_000),
    Member(
        COLLUDING, Part.VALIDATOR, "praises copier and free rider, finds the others half as bad again", 1_000_000, 0
    ),
    Member(CAREFUL, Part.DELEGATOR, "behind who works", behind={HONEST: 2_500_000, LARGE: 1_000_000}),
    Member(
        CARELESS, Part.DELEGATOR, "behind who promises all of it", behind={FREE_RIDER: 1_900_000, COLLUDING: 500_000}
    ),
)
"""In the order in which they act. More than half of the scoring stake scores honestly: no rule holds without that."""


def members(part: Part) -> list[Member]:
    """Return who has a part."""
    return [member for member in CAST if member.part is part]
