"""What nodes do in a day's first two windows, and what enters the B day."""

from fl_alliance.audit.market.books import Day, Place, Task
from fl_alliance.audit.market.stakes import is_least, pool_of
from fl_alliance.audit.market.step import Step
from fl_alliance.chain.arena_types import Role, Verdict
from fl_alliance.chain.commitments import dataset_b_commitment, day_times, submission_commitment
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.rules.words import hash_words

MAX_SUBMISSIONS = 4_096


def committed(step: Step) -> None:
    """A node commits to a model and pays the fee."""
    task, values = step.task(), step.head.values
    node, commitment = values["node"], values["commitment"]
    step.called("commitSubmission", task.number, commitment, by=node)
    step.active(task)
    number = task.today(step.now)
    step.require(0 <= number < task.params.day_count, f"day {number}, needed one on dataset A")
    times = day_times(task.params, step.books.addresses.start_at, number)
    step.within("committed", times.submit_at, times.reveal_at)
    step.require(task.account(node).role is Role.NODE, f"{node} is no node of the task")
    own_gwei, least = task.weight(node, number).own_gwei, task.params.min_node_stake_wei
    step.require(is_least(own_gwei, least), f"own stake {own_gwei} gwei, needed {least} wei")
    place = _add_place(step, task.day(number), node, commitment)
    fee = task.params.submission_fee_wei
    task.owed_wei += fee
    step.arena("SubmissionCommitted", task=task.number, day=number, node=node, place=place, commitment=commitment)
    if fee:
        step.transfer(node, step.books.addresses.arena, fee)
    if place == 0:
        step.sync(task)


def revealed(step: Step) -> None:
    """A node reveals its model; that may show that it, or another, is a copy."""
    task, told = step.task(), step.reading.ahead("Arena", "SubmissionRevealed")
    step.require(told is not None and told.values["task"] == task.number, "a copy refused without a reveal")
    values = told.values if told else {}
    node, digest, parameters = values["node"], values["digest"], values["parameters"]
    args = step.called("revealSubmission", task.number, digest, parameters, by=node)
    step.active(task)
    number = task.today(step.now)
    day = task.day(number)
    times = day_times(task.params, step.books.addresses.start_at, number)
    step.within("revealed", times.reveal_at, times.score_at)
    place = day.place_of(node)
    step.require(place is not None and any(digest), f"{node} committed to no model, or reveals none")
    found = day.places[place or 0]
    step.require(found.verdict is Verdict.COMMITTED, f"{node} has revealed already")
    if args is not None:
        opened = submission_commitment(task.number, number, node, digest, parameters, args[3])
        step.require(opened == found.commitment, f"opens 0x{opened.hex()}, committed was 0x{found.commitment.hex()}")
    is_over = parameters > task.params.max_parameters
    found.verdict = Verdict.REFUSED if is_over or _is_copy(step, task, number, node, digest) else Verdict.REVEALED
    _weigh(step, task, number, found, digest)
    day.digest = hash_words(day.digest, day.place_of(node) or 0, digest)
    step.arena(
        "SubmissionRevealed",
        task=task.number,
        day=number,
        node=node,
        place=day.place_of(node),
        digest=digest,
        parameters=parameters,
        weightGwei=found.weight.weight_gwei,
        verdict=found.verdict,
    )


def dataset_revealed(step: Step) -> None:
    """Dataset B is made public."""
    task, digest = step.task(), step.head.values["digest"]
    args = step.called("revealDatasetB", task.number, digest)
    _within_entry(step, task)
    step.require(not any(task.dataset_b) and any(digest), "dataset B is public already, or this is none")
    if args is not None:
        opened, needed = dataset_b_commitment(digest, args[2]), task.params.dataset_b
        step.require(opened == needed, f"opens 0x{opened.hex()}, committed was 0x{needed.hex()}")
    task.dataset_b = digest
    step.arena("DatasetBRevealed", task=task.number, digest=digest)


def final_entered(step: Step) -> None:
    """Nodes' best submissions on dataset A take part in the B day: one event for each."""
    task, number = step.task(), step.task().params.day_count
    args = step.called("enterFinal", task.number)
    _within_entry(step, task)
    step.require(task.finished_days == number, f"{task.finished_days} days are finished, needed {number}")
    day = task.day(number)
    entered = _named(args[1], day) if args is not None else [step.head.values["node"]]
    for node in entered:
        account = task.account(node)
        step.require(account.best is not None, f"{node} has no submission with a consensus below WORST")
        _, of_day, of_place = account.best or (0, 0, 0)
        place = _add_place(step, day, node, b"")
        digest = task.day(of_day).places[of_place].digest
        day.places[place].verdict = Verdict.REVEALED
        _weigh(step, task, number, day.places[place], digest)
        day.digest = hash_words(day.digest, place, digest)
        step.arena("FinalEntered", task=task.number, node=node, place=place, ofDay=of_day, ofPlace=of_place)


def _named(nodes: tuple[str, ...], day: Day) -> list[str]:
    """Return which of the named nodes are not entered yet, each once."""
    return [node for node in dict.fromkeys(map(checksum, nodes)) if day.place_of(node) is None]


def _within_entry(step: Step, task: Task) -> None:
    step.active(task)
    times = day_times(task.params, step.books.addresses.start_at, task.params.day_count)
    step.within("on the B day", times.submit_at, times.score_at)


def _add_place(step: Step, day: Day, node: str, commitment: bytes) -> int:
    step.require(day.place_of(node) is None, f"{node} takes part already")
    step.require(len(day.places) < MAX_SUBMISSIONS, f"{len(day.places)} submissions, as many as there can be")
    day.places.append(Place(node, commitment))
    return len(day.places) - 1


def _weigh(step: Step, task: Task, number: int, place: Place, digest: bytes) -> None:
    """Write down the model, and what its node weighs on this day."""
    place.digest, place.weight = digest, task.weight(place.node, number)
    place.sigma_bps = sigma_of(step, task, place.node, number)


def sigma_of(step: Step, task: Task, account: str, number: int) -> int:
    """Return what an account takes of its delegators' earnings of a day: its sigma when that began."""
    pool = step.books.pools.get(pool_of(task, account))
    return pool.sigma_at(task.day_at(number)) if pool else 0


def _is_copy(step: Step, task: Task, number: int, node: str, digest: bytes) -> bool:
    """Return whether another node committed to this model earlier; who did later on this day is the copy then."""
    day = task.day(number)
    place = day.place_of(node) or 0
    first, own = task.firsts.get(digest), (number, place, node)
    if first is not None:
        if first[2] == node:
            return False
        copy = place if first < own else first[1]
        if first > own:
            day.places[copy].verdict = Verdict.REFUSED
        step.arena("CopyRefused", task=task.number, day=number, place=copy, digest=digest)
        if first < own:
            return True
    task.firsts[digest] = own
    return False
