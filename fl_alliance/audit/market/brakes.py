"""The emergency brake: when it stops what mints or brings money in, and for how long that was."""

from fl_alliance.audit.market.roles import ADMIN, decided, has_role
from fl_alliance.audit.market.step import Step
from fl_alliance.chain.arena_types import DAY_S
from fl_alliance.chain.deploy import BRAKE, EMISSION
from fl_alliance.chain.messages import checksum

PAUSE_S, REST_S = 14 * DAY_S, 28 * DAY_S
"""Seconds of a pause at most, and from the beginning of one to that of the next."""


def wired(step: Step) -> None:
    """Whoever administrates the emission names its brake, once."""
    brake = checksum(step.head.values["brake"])
    call = step.reading.call(EMISSION, "setBrake", brake)
    if call is not None:
        step.require(has_role(step.books, EMISSION, ADMIN, call.sender), f"{call.sender} is no administrator")
    step.require(step.books.brake is None, f"there is a brake already, at {step.books.brake}")
    is_told = step.books.guardian is not None or step.books.addresses.brake != brake
    step.require(is_told, "a brake whose construction named no guardian")
    step.books.brake = brake
    step.emission("BrakeSet", brake=brake)


def paused(step: Step) -> None:
    """The guardian begins a pause."""
    pauses, guardian = step.books.emission.pauses, step.head.values["guardian"]
    step.reading.called(BRAKE, "pause", by=guardian)
    known = step.books.guardian
    step.require(known in (None, guardian), f"paused by {guardian}, the guardian is {known}")
    step.require(step.now >= pauses.rests_until, f"paused at second {step.now}, needed {pauses.rests_until}")
    pauses.begin(step.now, step.now + PAUSE_S, step.now + REST_S)
    step.brake("Paused", guardian=guardian, until=step.now + PAUSE_S)


def resumed(step: Step) -> None:
    """The DAO ends a pause."""
    decided(step, BRAKE, "resume")
    step.books.emission.pauses.end(step.now)
    step.brake("Resumed")


def guardian_set(step: Step) -> None:
    """The DAO names another guardian; the first is named where the brake is created."""
    guardian = step.head.values["guardian"]
    decided(step, BRAKE, "setGuardian", guardian)
    step.books.guardian = guardian
    step.books.emission.pauses.rest()
    step.brake("GuardianSet", guardian=guardian)
