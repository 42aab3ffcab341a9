"""What the Arena refuses reaches whoever called as the refusal's own class, with its values."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from fair import (
    CREATOR,
    DAO,
    DATASET_B,
    FML,
    NODES,
    OUTSIDER,
    PARAMS,
    PURSE_WEI,
    SALT,
    VALIDATORS,
    Fair,
    Task,
)

from fl_alliance.chain.alliance_refusals import (
    BadParameter,
    NotAllowed,
    NothingThere,
    StakeTooLow,
    TooEarly,
    TooLate,
    UnknownTask,
    VrfProofRejected,
    WrongPhase,
)
from fl_alliance.chain.arena_types import Phase, Role
from fl_alliance.chain.market_refusals import (
    AlreadyDone,
    DayNotClosed,
    NoQuota,
    NothingToEnter,
    NothingToScore,
    NotSettled,
    PoolExists,
    UnknownDay,
    WrongDay,
    WrongLength,
    WrongOpening,
    WrongRole,
)
from fl_alliance.chain.refusals import AccessControlUnauthorizedAccount, ERC20InsufficientBalance, Refused

Act = Callable[[Task], object]
SCORES = (100, 200)


def scored(task: Task) -> None:
    task.submit()
    task.score(0, *SCORES)


def revealing(task: Task) -> None:
    task.submit()
    task.fair.wait_until(task.times(0).score_at)
    task.commit_scores(VALIDATORS[0], 0, *SCORES)
    task.fair.wait_until(task.times(0).reveal_scores_at)


def wrong_key(task: Task) -> None:
    arena = task.fair.arena(VALIDATORS[0])
    arena.reveal_scores(task.number, arena.prove(task.number, 1), SCORES, SALT)


def other_scores(task: Task) -> None:
    task.reveal_scores(VALIDATORS[0], 0, 100, 201)


def too_many_scores(task: Task) -> None:
    task.reveal_scores(VALIDATORS[0], 0, *range(9))


def to_b_day(task: Task) -> None:
    task.close(0)


def in_day(second: str) -> Act:
    return lambda task: task.fair.wait_until(getattr(task.times(0), second))


def nothing(task: Task) -> None:
    """Before day 0."""


ON_THE_DAY = in_day("submit_at")
REFUSED: list[tuple[type[Refused], dict[str, object], Act, Act]] = [
    (UnknownTask, {"task": 9}, nothing, lambda t: t.fair.arena(OUTSIDER).stake(9, Role.NODE, FML)),
    (UnknownTask, {"task": 9}, nothing, lambda t: t.fair.arena(OUTSIDER).state(9)),
    (UnknownTask, {"task": 9}, nothing, lambda t: t.fair.arena(OUTSIDER).params(9)),
    (NotAllowed, {}, nothing, lambda t: t.fair.arena(OUTSIDER).cancel(t.number)),
    (TooLate, {"task": 1}, ON_THE_DAY, lambda t: t.fair.arena(CREATOR).cancel(t.number)),
    (
        WrongRole,
        {"role": Role.NODE},
        nothing,
        lambda t: t.fair.arena(NODES[0]).stake(t.number, Role.VALIDATOR, FML, vrf_x=1),
    ),
    (
        StakeTooLow,
        {"amountGwei": 10**9, "minStakeGwei": 10**11},
        nothing,
        lambda t: t.fair.arena(OUTSIDER).stake(t.number, Role.NODE, FML),
    ),
    (
        BadParameter,
        {"name": "lockDays", "given": 366},
        nothing,
        lambda t: t.fair.arena(OUTSIDER).stake(t.number, Role.NODE, 100 * FML, 366),
    ),
    (
        BadParameter,
        {"name": "vrfX", "given": 0},
        nothing,
        lambda t: t.fair.arena(OUTSIDER).stake(t.number, Role.VALIDATOR, 250 * FML, vrf_x=0),
    ),
    (
        ERC20InsufficientBalance,
        {"needed": PURSE_WEI + 1},
        nothing,
        lambda t: t.fair.arena(OUTSIDER).stake(t.number, Role.NODE, PURSE_WEI + 1),
    ),
    (
        BadParameter,
        {"name": "creatorStakeWei"},
        nothing,
        lambda t: t.fair.arena(CREATOR).create_task(replace(PARAMS, creator_stake_wei=99 * FML)),
    ),
    (
        BadParameter,
        {"name": "firstDay", "given": 1},
        ON_THE_DAY,
        lambda t: t.fair.arena(CREATOR).create_task(PARAMS),
    ),
    (WrongRole, {"role": Role.NONE}, nothing, lambda t: t.fair.arena(OUTSIDER).open_pool(t.number, 0)),
    (
        PoolExists,
        {"task": 1},
        lambda t: t.fair.arena(NODES[0]).open_pool(t.number, 1),
        lambda t: t.fair.arena(NODES[0]).open_pool(t.number, 0),
    ),
    (WrongPhase, {"phase": Phase.ACTIVE}, nothing, lambda t: t.fair.arena(NODES[0]).unlock(t.number)),
    (TooEarly, {"task": 1}, nothing, lambda t: t.commit(NODES[0])),
    (TooLate, {"task": 1}, in_day("reveal_at"), lambda t: t.commit(NODES[0])),
    (WrongRole, {"role": Role.VALIDATOR}, ON_THE_DAY, lambda t: t.commit(VALIDATORS[0])),
    (
        AlreadyDone,
        {"day": 0},
        lambda t: (t.fair.wait_until(t.times(0).submit_at), t.commit(NODES[0])),
        lambda t: t.commit(NODES[0]),
    ),
    (WrongOpening, {"committed": bytes(32)}, in_day("reveal_at"), lambda t: t.reveal(NODES[0])),
    (
        WrongOpening,
        {},
        lambda t: (
            t.fair.wait_until(t.times(0).submit_at),
            t.commit(NODES[0]),
            t.fair.wait_until(t.times(0).reveal_at),
        ),
        lambda t: t.reveal(NODES[0], parameters=1_001),
    ),
    (NothingToScore, {"day": 0}, in_day("score_at"), lambda t: t.commit_scores(VALIDATORS[0], 0, *SCORES)),
    (VrfProofRejected, {}, revealing, wrong_key),
    (WrongOpening, {}, revealing, other_scores),
    (WrongLength, {"given": 2, "needed": 1}, revealing, too_many_scores),
    (
        WrongOpening,
        {"committed": bytes(32)},
        revealing,
        lambda t: t.reveal_scores(VALIDATORS[1], 0, *SCORES),
    ),
    (TooEarly, {"task": 1}, scored, lambda t: t.fair.arena(OUTSIDER).settle(t.number, 0, 1)),
    (UnknownDay, {"day": 2, "days_": 2}, nothing, lambda t: t.fair.arena(OUTSIDER).settle(t.number, 2, 1)),
    (WrongDay, {"given": 1, "needed": 0}, scored, lambda t: t.fair.arena(OUTSIDER).finish_day(t.number, 1)),
    (
        NotSettled,
        {"left": 4},
        lambda t: (scored(t), t.fair.wait_until(t.times(0).over_at)),
        lambda t: t.fair.arena(OUTSIDER).finish_day(t.number, 0),
    ),
    (
        DayNotClosed,
        {"day": 1, "closedDays": 0},
        lambda t: (
            t.fair.emission(DAO).verify(t.fair.deployment.arena, t.number),
            scored(t),
            t.settle(0),
            t.fair.wait_until(t.times(0).over_at),
        ),
        lambda t: t.fair.arena(OUTSIDER).finish_day(t.number, 0),
    ),
    (NothingThere, {}, scored, lambda t: t.fair.arena(NODES[0]).claim(t.number, 0)),
    (WrongOpening, {}, to_b_day, lambda t: t.fair.arena(CREATOR).reveal_dataset_b(t.number, SALT, SALT)),
    (TooEarly, {}, nothing, lambda t: t.fair.arena(CREATOR).reveal_dataset_b(t.number, DATASET_B, SALT)),
    (NothingToEnter, {}, to_b_day, lambda t: t.fair.arena(OUTSIDER).enter_final(t.number, [NODES[0].address])),
    (
        WrongDay,
        {"given": 1, "needed": 0},
        lambda t: t.fair.wait_until(t.times(1).submit_at),
        lambda t: t.fair.arena(OUTSIDER).enter_final(t.number, [NODES[0].address]),
    ),
    (
        AccessControlUnauthorizedAccount,
        {},
        nothing,
        lambda t: t.fair.arena(OUTSIDER).set_min_creator_stake(0),
    ),
    (
        AccessControlUnauthorizedAccount,
        {},
        nothing,
        lambda t: t.fair.emission(OUTSIDER).verify(t.fair.deployment.arena, t.number),
    ),
]


@pytest.mark.parametrize(
    ("kind", "values", "before", "act"), REFUSED, ids=[f"{i}-{case[0].__name__}" for i, case in enumerate(REFUSED)]
)
def test_a_refusal_says_by_its_class_what_was_wrong(
    task: Task, kind: type[Refused], values: dict[str, object], before: Act, act: Act
) -> None:
    before(task)
    with pytest.raises(kind) as refused:
        act(task)
    assert values.items() <= refused.value.values.items()


def test_a_stake_below_a_place_of_its_own_scores_nothing(fair: Fair) -> None:
    task = Task.created(fair, replace(PARAMS, validator_limit=1))
    task.submit()
    fair.wait_until(task.times(0).score_at)
    assert fair.arena(VALIDATORS[0]).quota(task.number) == 0
    with pytest.raises(NoQuota):
        task.commit_scores(VALIDATORS[0], 0, *SCORES)


def test_a_copy_is_revealed_and_does_not_take_part(task: Task) -> None:
    model = task.model(NODES[0])
    task.fair.wait_until(task.times(0).submit_at)
    task.commit(NODES[0])
    task.commit(NODES[1], digest=model)
    task.fair.wait_until(task.times(0).reveal_at)
    assert task.reveal(NODES[0])
    assert not task.reveal(NODES[1], digest=model)


def test_a_model_over_the_limit_is_revealed_and_does_not_take_part(task: Task) -> None:
    task.fair.wait_until(task.times(0).submit_at)
    task.commit(NODES[0], parameters=PARAMS.max_parameters + 1)
    task.fair.wait_until(task.times(0).reveal_at)
    assert not task.reveal(NODES[0], parameters=PARAMS.max_parameters + 1)


def test_the_dao_sets_the_least_stake_of_creators(fair: Fair) -> None:
    fair.arena(DAO).set_min_creator_stake(1_001 * FML)
    assert fair.arena(OUTSIDER).min_creator_stake_wei == 1_001 * FML
    with pytest.raises(BadParameter):
        Task.created(fair)
