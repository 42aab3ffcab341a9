"""What a proposal of the DAO takes at each stage, as `Reviews.sol` and `Dao.sol` have it; votes and amounts are wei.

Every share is compared without a division, but for the quorum, which is rounded down.
"""

from dataclasses import dataclass

from fl_alliance.chain.rules.consensus import BPS
from fl_alliance.chain.rules.words import address_bytes
from fl_alliance.chain.types import WEI_PER_FML

_DAY_S = 86_400
LAPSE_S = 14 * _DAY_S
"""Seconds in which what has passed can be queued, and then what has waited be executed."""
MIN_STAGE_S, MAX_STAGE_S = 3_600, 30 * _DAY_S
"""Seconds of a review and of a general meeting, at least and at most."""
MAX_TURNS_S = 7 * _DAY_S
"""Seconds by which votes that turn a meeting's outcome prolong it at most."""
MAX_DELAY_S = 30 * _DAY_S
"""Seconds that a proposal can make the time lock's delay at most."""
MAX_QUORUM_PERCENT = 50
MAX_STAKE_WEI, MAX_FLOOR_WEI = 10**6 * WEI_PER_FML, 10**7 * WEI_PER_FML
RESERVED = "#proposer="
"""Ends a description, before an address: OpenZeppelin's Governor then takes it of nobody else."""
_ADDRESS_CHARACTERS = 42


@dataclass(frozen=True, slots=True)
class ReviewTerms:
    """What a proposal stakes and earns, and what its review takes; see `DaoTerms`."""

    stake_wei: int
    reward_wei: int
    presence_bps: int
    flag_bps: int
    floor_wei: int

    @property
    def are_allowed(self) -> bool:
        """Whether something can pass under them, and not everything is condemned."""
        shares = self.presence_bps <= BPS // 2 and 0 < self.flag_bps <= BPS
        return shares and self.stake_wei <= MAX_STAKE_WEI and self.floor_wei <= MAX_FLOOR_WEI


@dataclass(frozen=True, slots=True)
class Appeared:
    """Votes that appeared in a review: signed in, or flagged the proposal."""

    present_wei: int = 0
    scam_wei: int = 0
    frivolous_wei: int = 0

    @property
    def flags_wei(self) -> int:
        """Votes that flagged it."""
        return self.scam_wei + self.frivolous_wei


def is_opened(appeared: Appeared, all_wei: int, terms: ReviewTerms) -> bool:
    """Return whether enough of all votes appeared for a general meeting."""
    appeared_wei = appeared.present_wei + appeared.flags_wei
    return appeared_wei >= terms.floor_wei and appeared_wei * BPS >= all_wei * terms.presence_bps


def is_condemned(appeared: Appeared, all_wei: int, terms: ReviewTerms) -> bool:
    """Return whether flags are enough of all votes, and more than those that signed in: the stake is lost."""
    flags_wei = appeared.flags_wei
    return flags_wei > 0 and flags_wei * BPS >= all_wei * terms.flag_bps and flags_wei > appeared.present_wei


def flags_until(counted_at: int, ends_at: int) -> int:
    """Return the second before which a proposal can be flagged: the last third of its review is for who signs in."""
    return ends_at - (ends_at - counted_at) // 3


def quorum_wei(all_wei: int, percent: int, floor_wei: int) -> int:
    """Return the votes, for or abstaining, that a general meeting takes, rounded down."""
    return max(all_wei * percent // 100, floor_wei)


def reward_wei(promised_wei: int, held_wei: int) -> int:
    """Return what the treasury pays for an executed proposal: what was promised, or what it holds if that is less."""
    return min(promised_wei, held_wei)


def is_open_to(proposer: str, description: bytes) -> bool:
    """Return whether a description is this account's to propose: of nobody, or reserved for it."""
    marker, address = description[:-_ADDRESS_CHARACTERS], description[-_ADDRESS_CHARACTERS:]
    if not marker.endswith(RESERVED.encode()) or not address.startswith(b"0x"):
        return True
    try:
        return bytes.fromhex(address[2:].decode("ascii")) == address_bytes(proposer)
    except ValueError:
        return True
