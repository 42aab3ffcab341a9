"""The emission on a chain, as whoever keeps its days going uses it; the contract's interface says the rest."""

from dataclasses import dataclass

from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.bound import BoundContract, ContractReader
from fl_alliance.chain.deploy import BRAKE
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.words import ZERO_ADDRESS
from fl_alliance.chain.sender import Receipt, Sender

ARTIFACT = "Emission"
_STEP_GAS = 400_000  # a source may do something of its own with what it is paid
_BASE_GAS, _CLOSE_GAS = 100_000, 200_000
MOST_DAYS = 60
"""Days that are closed in one transaction at most."""
DRAW_S = 7 * DAY_S
"""Seconds after a day's closing in which its shares can be drawn, a guardian's pauses apart."""


@dataclass(frozen=True, slots=True)
class DayBooks:
    """A closed day: what each kind of task has of it, what is left, in wei, and the second it was closed at."""

    arena_wei: int
    alliance_wei: int
    left_wei: int
    closed_at: int


class EmissionView:
    """The emission, to be read without an account.

    Parameters
    ----------
    rpc, address : Rpc, str
        Its chain and where it is.
    """

    def __init__(self, rpc: Rpc, address: str) -> None:
        self.rpc, self._reader = rpc, ContractReader(rpc, ARTIFACT, address)
        self.address = self._reader.address

    @property
    def today(self) -> int:
        """The running day, 0 before `start_at`."""
        return int(self._reader.read("today"))

    def is_verified(self, source: str, task: int) -> bool:
        """Return whether a task's stake counts now."""
        return bool(self._reader.read("isVerified", source, task))

    @property
    def start_at(self) -> int:
        """Second at which day 0 begins."""
        return int(self._reader.read("startAt"))

    @property
    def is_paused(self) -> bool:
        """Whether a guardian has stopped what mints or brings money in."""
        return bool(self._reader.read("paused"))

    @property
    def paused_s(self) -> int:
        """Seconds of all pauses so far."""
        brake = checksum(self._reader.read("brake"))
        return 0 if brake == ZERO_ADDRESS else int(ContractReader(self.rpc, BRAKE, brake).read("pausedS"))

    def has_earned(self, source: str, task: int) -> bool:
        """Return whether a task was ever verified, so that it has shares of days."""
        return bool(self._reader.read("kindOf", source, task))

    def percent(self, source: str, task: int, day: int) -> int:
        """Return what of 100 a task's powered stake weighs at the end of a day, or now if the day is not over."""
        return int(self._reader.read("percentOf", source, task, day))

    @property
    def closed_days(self) -> int:
        """Days closed so far: the number of the next."""
        return int(self._reader.read("closedDays"))

    def day(self, day: int) -> DayBooks:
        """Return the books of a closed day; all 0 before."""
        return DayBooks(*self._reader.read("dayOf", day))

    def stake_gwei(self, source: str, task: int, day: int) -> int:
        """Return a verified task's stake at the end of a day, in whole gwei, or as it is now if the day is not over."""
        return int(self._reader.read("stakeGwei", source, task, day))

    def may_verify(self, account: str) -> bool:
        """Return whether an account holds the DAO's role."""
        return bool(self._reader.read("hasRole", self._reader.read("DAO_ROLE"), account))

    def drawable_wei(self, source: str, task: int, day: int) -> int:
        """Return what a task could draw of a closed day."""
        return int(self._reader.read("drawableWei", source, task, day))

    def books(self) -> tuple[int, int, int]:
        """Return all that was ever minted, paid and burned, in wei."""
        minted, paid, burned = self._reader.read("books")
        return minted, paid, burned


class Emission(EmissionView):
    """The same as one account uses it.

    Parameters
    ----------
    sender : Sender
        Pays for what this account sends.
    address : str
        Where the contract is.
    """

    def __init__(self, sender: Sender, address: str) -> None:
        super().__init__(sender.rpc, address)
        self._contract = BoundContract(sender, ARTIFACT, address)

    def close_days(self, count: int = 1) -> tuple[int, ...]:
        """Close the next `count` days, 1 to `MOST_DAYS`, in one transaction; return what each released, in wei.

        Raises
        ------
        ValueError
            `count` is out of its range.
        DayNotOver, NoSuchDay
            One of them cannot be closed yet, or ever: none was.
        """
        if not 1 <= count <= MOST_DAYS:
            raise ValueError(f"close_days: given {count} days, needed 1 to {MOST_DAYS}")
        calls = [self._contract.encode("closeDay")] * count
        receipt = self._contract.send(_BASE_GAS + _CLOSE_GAS * count, "multicall", calls)
        return tuple(event["mintedWei"] for event in self._contract.events(receipt, "DayClosed"))

    def catch_up(self, now: int) -> int:
        """Close every day that is over at second `now`, in as many transactions as it takes; return how many.

        In a guardian's pause none is closed.
        """
        if self.is_paused:
            return 0
        days = min((now - self.start_at) // DAY_S, int(self._contract.read("DAYS")))
        due = closed = max(0, days - self.closed_days)
        while due > 0:
            due -= len(self.close_days(min(due, MOST_DAYS)))
        return closed

    def lapse(self, day: int) -> int:
        """Burn what nobody drew of a day, and return it, in wei; raises `LapseTooEarly`, `DayNotClosed`."""
        receipt = self._contract.send(_STEP_GAS, "lapse", day)
        return sum(event["burnedWei"] for event in self._contract.events(receipt, "DayLapsed"))

    def sync(self, source: str, task: int) -> Receipt:
        """Have a task's stake written down as it is now; nothing happens where it is not verified."""
        return self._contract.send(_STEP_GAS, "sync", source, task)

    def draw(self, source: str, task: int, day: int) -> int:
        """Have an Alliance task paid its share of a day, and return it, in wei.

        Raises
        ------
        NothingAccepted, AlreadyDrawn, DrawTooLate, DayNotClosed, NotVerified, NotSource
        """
        receipt = self.draw_receipt(source, task, day)
        return sum(event["amountWei"] for event in self._contract.events(receipt, "ShareDrawn"))

    def draw_receipt(self, source: str, task: int, day: int) -> Receipt:
        """Draw as `draw` does, and return the receipt: the source may have events of its own in it."""
        return self._contract.send(_STEP_GAS, "draw", source, task, day)

    def verify(self, source: str, task: int) -> Receipt:
        """Let a task's stake count from today on; only the DAO.

        Raises
        ------
        AlreadyVerified, TooManyTasks, NoSource, AccessControlUnauthorizedAccount
        """
        return self._contract.send(_STEP_GAS, "verify", source, task)

    def unverify(self, source: str, task: int) -> Receipt:
        """Let it count no more, from today on; only the DAO; raises `NotVerified` where it does not."""
        return self._contract.send(_STEP_GAS, "unverify", source, task)
