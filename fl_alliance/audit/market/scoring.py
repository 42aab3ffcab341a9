"""What validators do in a day's last two windows: who scores what, and how it was proved."""

from typing import Any

from fl_alliance.audit.finding import DoesNotHold
from fl_alliance.audit.market.books import Seat, Task
from fl_alliance.audit.market.stakes import is_least
from fl_alliance.audit.market.step import Step
from fl_alliance.audit.market.submissions import sigma_of
from fl_alliance.chain.arena_types import Role
from fl_alliance.chain.commitments import SCORES_A_WORD, assigned_places, day_times, unpack_scores, words_commitment
from fl_alliance.chain.errors import VrfInvalid
from fl_alliance.chain.rules.assignment import validator_quota
from fl_alliance.chain.rules.words import hash_words
from fl_alliance.chain.types import WEI_PER_GWEI
from fl_alliance.chain.vrf import Proof, verify

MAX_VALIDATORS = 256


def committed(step: Step) -> None:
    """A validator commits to its scores; how many places are its own follows from its stake."""
    task, values = step.task(), step.head.values
    validator, commitment = values["validator"], values["commitment"]
    step.called("commitScores", task.number, commitment, by=validator)
    step.active(task)
    number, params = task.today(step.now), task.params
    day = task.day(number)
    times = day_times(params, step.books.addresses.start_at, number)
    step.within("committed", times.score_at, times.reveal_scores_at)
    has_data = number < params.day_count or any(task.dataset_b)
    step.require(any(day.digest) and has_data, f"nothing to score on day {number}")
    step.require(task.account(validator).role is Role.VALIDATOR, f"{validator} is no validator of the task")
    weight, least = task.weight(validator, number), params.min_validator_stake_wei
    step.require(is_least(weight.own_gwei, least), f"own stake {weight.own_gwei} gwei, needed {least} wei")
    quota = validator_quota(weight.weight_gwei * WEI_PER_GWEI, least, params.validator_limit)
    step.require(quota > 0, f"{validator} is assigned no place with a weight of {weight.weight_gwei} gwei")
    step.require(day.seat_of(validator) is None, f"{validator} has committed already")
    step.require(len(day.seats) < MAX_VALIDATORS, f"{len(day.seats)} validators, as many as there can be")
    sigma = sigma_of(step, task, validator, number)
    seat = Seat(validator, commitment, min(quota, len(day.places)), sigma, weight)
    day.seats.append(seat)
    step.arena(
        "ScoresCommitted",
        task=task.number,
        day=number,
        validator=validator,
        index=len(day.seats) - 1,
        weightGwei=weight.weight_gwei,
        quota=seat.quota,
        commitment=commitment,
    )


def revealed(step: Step) -> None:
    """A validator reveals its scores, and proves by its VRF which places are its own."""
    task, values = step.task(), step.head.values
    validator, words = values["validator"], tuple(values["scores"])
    args = step.called("revealScores", task.number, by=validator)
    step.active(task)
    number = task.today(step.now)
    day = task.day(number)
    times = day_times(task.params, step.books.addresses.start_at, number)
    step.within("revealed", times.reveal_scores_at, times.settle_at)
    seat = day.seat_of(validator)
    if seat is None or seat.is_revealed:
        raise DoesNotHold(step.reading.where, f"{validator} has no commitment to open on day {number}")
    count = len(day.places)
    needed = -(-count // SCORES_A_WORD)
    step.require(len(words) == needed, f"{len(words)} words of scores, needed {needed}")
    seat.is_revealed, seat.scores = True, unpack_scores(words, count)
    if args is None:
        _take_as_told(seat, count, values["start"], values["stride"])
    else:
        _open(step, task, number, seat, args)
    step.arena(
        "ScoresRevealed",
        task=task.number,
        day=number,
        validator=validator,
        start=seat.start,
        stride=seat.stride,
        scores=values["scores"],
    )


def _open(step: Step, task: Task, number: int, seat: Seat, args: tuple[Any, ...]) -> None:
    """Verify the commitment and the proof in the calldata, and assign the places that the output says."""
    _, proof, words, salt = args
    day = task.day(number)
    step.require(tuple(words) == tuple(step.head.values["scores"]), "its event tells other scores than its call")
    opened = words_commitment(task.number, number, seat.validator, tuple(words), bytes(salt))
    step.require(opened == seat.commitment, f"opens 0x{opened.hex()}, committed was 0x{seat.commitment.hex()}")
    try:
        beta = verify(task.account(seat.validator).vrf_x, alpha(step, task, number), Proof(*proof))
    except VrfInvalid as broken:
        raise DoesNotHold(step.reading.where, f"the VRF proof of {seat.validator} does not hold: {broken}") from broken
    step.books.counts.proofs += 1
    all_places = assigned_places(beta, len(day.places), len(day.places))
    seat.start = all_places[0]
    seat.stride = (all_places[1] - all_places[0]) % len(all_places) if len(all_places) > 1 else 0
    seat.assigned = frozenset(all_places[: seat.quota])


def _take_as_told(seat: Seat, count: int, start: int, stride: int) -> None:
    """Where a contract revealed, no chain keeps its proof: what the event tells was shown by execution alone."""
    seat.start, seat.stride = start, stride
    seat.assigned = frozenset((start + i * stride) % count for i in range(seat.quota))


def alpha(step: Step, task: Task, number: int) -> bytes:
    """Return what validators' VRF outputs of a day are over."""
    addresses = step.books.addresses
    return hash_words(addresses.arena, addresses.chain_id, task.number, number, task.day(number).digest)
