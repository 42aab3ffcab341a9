"""What goes wrong in a task, what it costs whom, and that everybody is told so in words."""

import dataclasses
import shutil
from collections.abc import Callable

import pytest
from village import FML, LARGE, TERMS, Village

from fl_alliance.arena import training
from fl_alliance.arena.calendar import Window
from fl_alliance.arena.card import LINEAGE, parse_lineage
from fl_alliance.arena.claims import due
from fl_alliance.arena.epoch import run_day, run_final_day, run_task
from fl_alliance.arena.errors import FundsMissing, ScorerFailed, TaskMismatch, TaskUnfinished
from fl_alliance.arena.events import Claimed, DayFinished, Event, Judged, Missed, Revealed, Training, Unlocked
from fl_alliance.arena.keeper import Keeper
from fl_alliance.arena.kinds.base import WORST, Budget
from fl_alliance.arena.node import TrainingNode
from fl_alliance.arena.role import Role, Stake
from fl_alliance.arena.scoring import SandboxScorer
from fl_alliance.arena.store import Store
from fl_alliance.arena.task import Task
from fl_alliance.arena.validator import Validator
from fl_alliance.chain.arena import Arena
from fl_alliance.chain.arena_states import Claim
from fl_alliance.chain.arena_types import Phase, Verdict

ONE_DAY = dataclasses.replace(TERMS, day_count=1)
FEE_WEI = TERMS.submission_fee_wei


@pytest.fixture
def task(village: Village) -> Task:
    return village.create(ONE_DAY)


def joined(*roles: Role) -> list[Role]:
    """Let everybody stake, and the first day begin."""
    for role in roles:
        role.join()
    roles[0].desk.clock.wait_until(roles[0].calendar.begins_at)
    return list(roles)


def missed_by(village: Village, role: Role) -> list[Missed]:
    return [event for event in village.of(Missed) if event.account == role.me]


class AwayAtReveals(TrainingNode):
    """Comes back when its window has closed."""

    def reveal(self, day: int) -> None:
        self.desk.clock.wait_until(self.calendar.closes(day, Window.REVEAL))
        self.missed(day, Window.REVEAL)


class AwayAtScoreReveals(Validator):
    """Comes back when its window has closed."""

    def reveal_scores(self, day: int) -> None:
        self.desk.clock.wait_until(self.calendar.closes(day, Window.REVEAL_SCORES))
        self.missed(day, Window.REVEAL_SCORES)


def away_node(village: Village, task: Task, name: str) -> AwayAtReveals:
    node = village.node(task, name)
    return AwayAtReveals(node.desk, task, node.stake, village.kind, node.trainer.plan)


def test_a_node_that_does_not_reveal_in_time_loses_its_fee_and_is_told(village: Village, task: Task) -> None:
    keeper, away = village.keeper(task), away_node(village, task, "away")
    run_day(joined(keeper, village.node(task, "node"), village.validator(task, "judge"), away), village.clock, 0)
    assert [event.words for event in missed_by(village, away)] == [
        "day 0: the model was not revealed in time: the fee of 2.0000 FML is lost"
    ]
    assert village.balance("away") == (10_000 - 1_000) * FML - FEE_WEI
    assert Arena(village.bank, village.deployment.arena).submission(1, 0, 1).verdict is Verdict.COMMITTED


def test_a_validator_that_does_not_reveal_in_time_loses_a_part_of_its_stake_and_is_told(
    village: Village, task: Task
) -> None:
    judge = village.validator(task, "away")
    away = AwayAtScoreReveals(judge.desk, task, judge.stake, village.kind, village.score)
    keeper, node = village.keeper(task), village.node(task, "node")
    run_day(joined(keeper, node, village.validator(task, "judge"), away), village.clock, 0)
    assert [event.words for event in missed_by(village, away)] == [
        "day 0: the scores were not revealed in time: 10 % of the stake is lost"
    ]
    assert away.arena.my(1).own_wei == 900 * FML


def test_a_process_that_comes_too_late_for_a_window_says_what_it_costs(village: Village, task: Task) -> None:
    roles = joined(village.node(task, "node"), village.validator(task, "judge"))
    village.clock.wait_until(roles[0].calendar.day(0).reveal_at)
    run_day(roles, village.clock, 0)
    assert [event.words for event in missed_by(village, roles[0])] == [
        "day 0: no model was committed to in time: nothing is earned today, nothing lost"
    ]
    assert [event.what for event in missed_by(village, roles[1])] == ["nothing was submitted"]


def test_who_lost_its_journal_after_committing_loses_the_fee_and_goes_on(village: Village, task: Task) -> None:
    roles = joined(village.node(task, "node"))
    roles[0].submit(0)
    village.close()
    shutil.rmtree(village.folder / "node")
    again = village.node(task, "node")
    run_day([again], village.clock, 0)
    assert [event.words for event in missed_by(village, again)] == [
        "day 0: the journal does not hold what was committed to: the fee of 2.0000 FML is lost"
    ]


def test_a_model_that_nobody_can_fetch_is_refused_after_half_of_the_window(
    village: Village, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, node, judge = joined(village.keeper(task), village.node(task, "node"), village.validator(task, "judge"))
    node.submit(0)
    village.clock.wait_until(node.calendar.day(0).reveal_at)
    with monkeypatch.context() as hidden:
        hidden.setattr(Store, "put", lambda store, data: None)
        node.reveal(0)
        run_day([keeper, judge], village.clock, 0)
    judged = village.of(Judged)
    assert [(event.score, event.why) for event in judged] == [
        (WORST, "not in the store, too large, or nothing that can be scored")
    ]
    assert judge.arena.submission(1, 0, 0).verdict is Verdict.WORST
    assert node.arena.my(1).own_wei == 900 * FML


def test_a_model_that_comes_within_half_of_the_window_is_scored(
    village: Village, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, judge = joined(village.node(task, "node"), village.validator(task, "judge"))
    node.submit(0)
    village.clock.wait_until(node.calendar.day(0).reveal_at)
    with monkeypatch.context() as hidden:
        hidden.setattr(Store, "put", lambda store, data: None)
        node.reveal(0)
    times = node.calendar.day(0)
    village.clock.wait_until(times.score_at)
    waited: list[int] = []

    def publish_late(second: int) -> None:
        waited.append(second)
        node.score(0)

    clock = village.clock
    monkeypatch.setattr(clock, "wait_until", publish_late)
    judge.desk = dataclasses.replace(judge.desk, clock=clock)
    judge.score(0)
    assert waited == [(times.score_at + times.reveal_scores_at) // 2]
    assert [event.why for event in village.of(Judged)] == [""]


def test_a_validator_whose_scorer_breaks_scores_nothing_and_loses_nothing(village: Village, task: Task) -> None:
    tries: list[bytes] = []

    def breaks_on_others(artifact: bytes, data: bytes) -> int:
        if artifact != village.store.get(task.spec.base_model):
            tries.append(artifact)
            raise ScorerFailed(bytes(32), "no memory left")
        return village.score(artifact, data)

    judge = Validator(village.desk("judge", "task 1"), task, Stake(1_000 * FML), village.kind, breaks_on_others)
    run_day(joined(village.keeper(task), village.node(task, "node"), judge), village.clock, 0)
    assert len(tries) == 2
    assert "no memory left" in missed_by(village, judge)[0].words
    assert judge.arena.my(1).own_wei == 1_000 * FML
    assert judge.arena.submission(1, 0, 0).verdict is Verdict.UNSCORED


def test_a_validator_whose_scorer_does_not_work_at_all_does_not_stake(village: Village, task: Task) -> None:
    def broken(artifact: bytes, data: bytes) -> int:
        raise ScorerFailed(bytes(32), "no such module")

    judge = Validator(village.desk("judge", "task 1"), task, Stake(1_000 * FML), village.kind, broken)
    with pytest.raises(ScorerFailed):
        judge.join()
    refusing = Validator(judge.desk, task, Stake(1_000 * FML), village.kind, lambda artifact, data: WORST)
    with pytest.raises(TaskMismatch, match="untrained model"):
        refusing.join()
    assert village.balance("judge") == 10_000 * FML


def test_in_the_sandbox_a_validator_finds_the_same_scores(village: Village, task: Task) -> None:
    arguments = {"kind": "classify", "workload": "breast_cancer", "options": {}}
    scorer = SandboxScorer("fl_alliance.learners:score_submission", arguments)
    boxed = Validator(village.desk("boxed", "task 1"), task, Stake(1_000 * FML), village.kind, scorer)
    keeper, node, judge = village.keeper(task), village.node(task, "node"), village.validator(task, "judge")
    run_day(joined(keeper, node, judge, boxed), village.clock, 0)
    scores = {event.account: event.score for event in village.of(Judged)}
    assert scores[boxed.me] == scores[judge.me] < WORST


def test_a_model_that_has_learned_nothing_is_not_submitted(
    village: Village, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = village.store.get(task.spec.base_model)
    monkeypatch.setattr(village.kind, "initial", lambda seed: base)
    (node,) = joined(village.node(task, "node", Budget(1, 8, 1e-9)))
    node.submit(0)
    (missed,) = missed_by(village, node)
    assert missed.cost == "not submitted, it would be refused and cost fee and stake"
    assert node.arena.day_state(1, 0).commits == 0


@pytest.mark.parametrize(("pieces", "is_submitted"), [(1, False), (4, True)])
def test_a_training_that_would_take_too_long_is_stopped_early_and_what_is_done_of_it_submitted(
    village: Village, task: Task, monkeypatch: pytest.MonkeyPatch, pieces: int, is_submitted: bool
) -> None:
    (node,) = joined(village.node(task, "node", LARGE, pieces=pieces))
    monkeypatch.setattr(training, "_LOOK_EVERY_S", 0.0)
    closes_at, progress = node.calendar.closes(0, Window.SUBMIT), list[Training]()

    def passed(event: Event) -> None:
        """Let the whole training take 25 hours; the window has twelve."""
        village.told.append(event)
        if isinstance(event, Training):
            progress.append(event)
            village.clock.wait_until(node.calendar.begins_at + event.step * 90_000 // event.steps)

    for owner in (node, node.trainer):
        owner.desk = dataclasses.replace(owner.desk, tell=passed)
    node.submit(0)
    assert village.clock.now() < closes_at
    assert node.arena.day_state(1, 0).commits == is_submitted
    assert progress[-1].step < progress[-1].steps
    stopped = [event.what for event in missed_by(village, node)]
    assert stopped == ([] if is_submitted else ["training would take longer than the window for submissions is open"])


def test_a_base_model_that_takes_long_to_read_is_not_taken_for_slow_steps(
    village: Village, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    (node,) = joined(village.node(task, "node"))
    monkeypatch.setattr(training, "_LOOK_EVERY_S", 0.0)
    begins_at, seen = node.calendar.begins_at, 0

    def passed(event: Event) -> None:
        """Let four hours pass before the first step, and a second with each."""
        nonlocal seen
        village.told.append(event)
        if isinstance(event, Training):
            seen += 1
            village.clock.wait_until(begins_at + 4 * 3_600 + seen)

    for owner in (node, node.trainer):
        owner.desk = dataclasses.replace(owner.desk, tell=passed)
    node.submit(0)
    assert seen > 3  # steps that would each take four hours do not fit the window of twelve
    assert node.arena.day_state(1, 0).commits == 1
    assert not missed_by(village, node)


def test_training_goes_on_from_the_nodes_best_submission(village: Village) -> None:
    task = village.create()
    roles = joined(village.keeper(task), village.node(task, "node"), village.validator(task, "judge"))
    for day in range(2):
        run_day(roles, village.clock, day)
    digests = [event.digest.hex() for event in village.of(Revealed)]
    cards = [parse_lineage((village.folder / f"node/cards/day-{day}/{LINEAGE}").read_text()) for day in range(2)]
    assert [card.digest for card in cards] == digests
    assert [card.parents for card in cards] == [(task.spec.base_model.hex(),), (digests[0],)]


def test_who_joins_late_takes_part_from_the_next_day_on(village: Village) -> None:
    task = village.create()
    keeper, early, judge = joined(village.keeper(task), village.node(task, "early"), village.validator(task, "judge"))
    late, late_judge = village.node(task, "much later"), village.validator(task, "late judge")
    late.join()
    late_judge.join()
    roles = [keeper, early, late, judge, late_judge]
    for day in range(2):
        run_day(roles, village.clock, day)
    assert [event.what for event in missed_by(village, late)] == ["the stake counts from tomorrow on"]
    assert keeper.arena.entry_of(1, 0, late.me) is None
    assert keeper.arena.submission(1, 1, keeper.arena.entry_of(1, 1, late.me) or 0).verdict is Verdict.RANKED


def _dues(monkeypatch: pytest.MonkeyPatch, arena: Arena) -> list[bool]:
    """Return a list that grows with every claim: whether what was due before is what was paid, and nothing after."""
    found: list[bool] = []
    act = arena.claim

    def claim(task: int, day: int, account: str) -> Claim:
        before = due(arena, task, day, account)
        paid = act(task, day, account)
        found.append(before == paid.total_wei > 0 and due(arena, task, day, account) == 0)
        return paid

    monkeypatch.setattr(arena, "claim", claim)
    return found


def test_without_its_creator_the_days_on_dataset_a_decide_and_all_that_was_held_is_paid(
    village: Village, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, node, judge = village.keeper(task), village.node(task, "node"), village.validator(task, "judge")
    dues = [_dues(monkeypatch, role.arena) for role in (node, judge)]
    run_task([keeper, node, judge], village.clock)
    assert keeper.arena.state(1).fell_back
    assert dues == [[True, True], [True, True]]  # now, and what was held
    reward = next(event.reward_wei for event in village.of(DayFinished) if event.day == 0)
    claimed = sum(event.paid_wei for event in village.of(Claimed))
    assert 0 <= reward - claimed < 10
    assert village.balance("node") + village.balance("judge") == 20_000 * FML + claimed
    assert [event.what for event in missed_by(village, judge)] == ["dataset B was not revealed"]


def test_keepers_that_race_finish_every_day_once(village: Village, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    keepers = [village.keeper(task, "first"), village.keeper(task, "second")]
    races: list[str] = []
    for name in ("settle_all", "finish_day"):
        _overtake(monkeypatch, keepers[0], keepers[1], name, races)
    creator, node, judge = village.creator(task), village.node(task, "node"), village.validator(task, "judge")
    run_task([keepers[0], creator, node, judge], village.clock)
    assert races == ["settle_all", "finish_day"]
    assert [event.day for event in village.of(DayFinished)] == [0, 1]
    assert keepers[0].arena.state(1).phase is Phase.COMPLETED


def _overtake(monkeypatch: pytest.MonkeyPatch, slow: Keeper, fast: Keeper, name: str, races: list[str]) -> None:
    """Let one keeper do all there is to do between another's look at the chain and its transaction."""
    act: Callable[..., object] = getattr(slow.arena, name)

    def overtaken(*args: object) -> object:
        if name not in races:
            races.append(name)
            fast.close(0)
        return act(*args)

    monkeypatch.setattr(slow.arena, name, overtaken)


def test_a_cancelled_task_gives_everybody_its_stake_back(village: Village, task: Task) -> None:
    creator, node = village.creator(task), village.node(task, "node")
    node.join()
    creator.arena.cancel(1)
    run_task([creator, node], village.clock)
    assert (village.balance("creator"), village.balance("node")) == (10_000 * FML, 10_000 * FML)


def test_a_locked_stake_stays_and_its_owner_is_told(village: Village, task: Task) -> None:
    node = village.node(task, "node")
    node.stake = Stake(1_000 * FML, lock_days=60)
    run_task([village.creator(task), node, village.validator(task, "judge")], village.clock)
    assert village.words_of(node)[-1].startswith("the stake stays locked until second")
    village.clock.wait_until(node.arena.my(1).locked_until)
    node.leave()
    assert village.of(Unlocked)[-1].amount_wei == 1_000 * FML


def test_a_task_that_nobody_finishes_is_given_up(village: Village, task: Task) -> None:
    with pytest.raises(TaskUnfinished, match="found 0 days finished; needed 2"):
        run_task([village.node(task, "node")], village.clock)


def test_who_has_not_what_it_is_to_stake_is_refused_before_anything_is_sent(village: Village, task: Task) -> None:
    village.account("poor", 999)
    node = village.node(task, "poor")
    with pytest.raises(FundsMissing, match="found 999000000000000000000 wei of FML; needed 1000000000000000000000"):
        node.join()


def test_a_node_cannot_be_a_validator_too(village: Village, task: Task) -> None:
    node = village.node(task, "node")
    node.join()
    judge = Validator(node.desk, task, Stake(1_000 * FML), village.kind, village.score)
    with pytest.raises(TaskMismatch, match="found node; needed validator"):
        judge.join()


def test_the_last_days_submissions_are_entered_by_any_keeper(village: Village, task: Task) -> None:
    creator, keeper = village.creator(task), village.keeper(task)
    node, judge = village.node(task, "node", LARGE), village.validator(task, "judge")
    run_day(joined(keeper, node, judge), village.clock, 0)
    village.clock.wait_until(node.calendar.day(1).submit_at)
    creator._reveal_b()
    run_final_day([keeper, node, judge], village.clock)
    assert keeper.arena.state(1).phase is Phase.COMPLETED
    assert not keeper.arena.state(1).fell_back
