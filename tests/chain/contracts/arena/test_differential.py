"""What the contract makes of a day is what the rules do, to the wei: scores, ranks, shares and pools."""

from collections.abc import Sequence
from dataclasses import dataclass

import arena_town
from arena_town import FML, Task, Town
from federation import GWEI
from hypothesis import given, settings
from hypothesis import strategies as st

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.rules.arena_consensus import WORST, consensus
from fl_alliance.chain.rules.arena_pay import fits, held, task_pools, validator_shares, validator_weight
from fl_alliance.chain.rules.assignment import validator_quota
from fl_alliance.chain.rules.ranking import node_shares, ranking

SCORES = st.one_of(st.integers(0, 3), st.integers(100_000, 130_000), st.integers(0, WORST), st.just(WORST))


@dataclass(frozen=True)
class Day:
    """What happens on a day: stakes in gwei, who reveals, what is said."""

    nodes: Sequence[int]
    validators: Sequence[int]
    revealed: Sequence[bool]
    opened: Sequence[bool]
    said: Sequence[Sequence[int]]
    terms: dict[str, int]


@st.composite
def days(draw: st.DrawFn) -> Day:
    nodes, validators = draw(st.integers(1, 9)), draw(st.integers(1, 5))
    terms = {
        "validator_limit": draw(st.integers(1, 20)),
        "paid_nodes": draw(st.integers(1, 6)),
        "paid_validators": draw(st.integers(1, 4)),
        "power_halves": draw(st.integers(0, 4)),
        "rank_wad": draw(st.one_of(st.integers(0, 10**18), st.just(85 * 10**16))),
        "decay_wad": draw(st.one_of(st.integers(0, 10**24), st.integers(0, 10**20))),
        "floor_bps": draw(st.integers(0, 5_000)),
        "now_bps": draw(st.integers(0, 10_000)),
        "daily_wei": draw(st.integers(0, 10**21)),
    }
    stakes = st.integers(250 * 10**9, 3_000 * 10**9)
    said = st.lists(SCORES, min_size=nodes, max_size=nodes)
    return Day(
        draw(st.lists(stakes, min_size=nodes, max_size=nodes)),
        draw(st.lists(stakes, min_size=validators, max_size=validators)),
        draw(st.lists(st.sampled_from([True, True, True, False]), min_size=nodes, max_size=nodes)),
        draw(st.lists(st.sampled_from([True, True, True, False]), min_size=validators, max_size=validators)),
        draw(st.lists(said, min_size=validators, max_size=validators)),
        terms,
    )


def staffed(town: Town, day: Day) -> Task:
    task = Task.create(town, **day.terms)
    for role, seed, stakes, keys in ((2, 42, day.nodes, task.nodes), (3, 43, day.validators, task.validators)):
        for index, gwei in enumerate(stakes):
            key = NodeKey.derive(seed, index)
            town.enrol(key, gwei * GWEI + 10 * FML)
            task.send("stake", role, gwei * GWEI, 0, key.vrf.public_x if role == 3 else 0, by=key)
            keys.append(key)
    return task


def play(task: Task, day: Day) -> list[tuple[NodeKey, int, Sequence[int]]]:
    """Play the day up to its settlement; return the validators that revealed, their gwei and what they said."""
    task.at(0)
    for node in task.nodes:
        task.commit(0, node)
    task.to_reveals(0)
    for node, reveals in zip(task.nodes, day.revealed, strict=True):
        if reveals:
            task.reveal(0, node)
    if not any(day.revealed):
        return []
    task.to_scores(0)
    limit = day.terms["validator_limit"]
    able = [
        (validator, gwei, said, opens)
        for validator, gwei, said, opens in zip(task.validators, day.validators, day.said, day.opened, strict=True)
        if validator_quota(gwei * GWEI, 250 * FML, limit)
    ]
    for validator, gwei, said, _ in able:
        task.commit_scores(0, validator, said)
        quota = min(validator_quota(gwei * GWEI, 250 * FML, limit), len(day.nodes))
        assert task.validation(0, validator)["quota"] == quota
    task.to_score_reveals(0)
    for validator, _, said, opens in able:
        if opens:
            task.reveal_scores(0, validator, said)
    return [(validator, gwei, said) for validator, gwei, said, opens in able if opens]


def judge(
    task: Task, day: Day, panel: list[tuple[NodeKey, int, Sequence[int]]]
) -> tuple[dict[int, int], dict[NodeKey, list[int]]]:
    """Return the consensus on each place that has one, and each validator's F over what it scored, by the rules."""
    scores: dict[int, int] = {}
    earned: dict[NodeKey, list[int]] = {validator: [] for validator, _, _ in panel}
    assigned = {validator: task.assigned(0, validator) for validator, _, _ in panel}
    for place, revealed in enumerate(day.revealed):
        judges = [(v, gwei, said[place]) for v, gwei, said in panel if place in assigned[v]]
        if not revealed or not judges:
            continue
        said, stakes = [score for _, _, score in judges], [gwei * GWEI for _, gwei, _ in judges]
        scores[place] = consensus(said, stakes)
        parts = fits(said, scores[place], stakes, day.terms["decay_wad"], day.terms["power_halves"])
        for (validator, _, _), part in zip(judges, parts, strict=True):
            earned[validator].append(part)
    return scores, earned


PLAYED: list[int] = []
"""Submissions that were ranked in each example: a test of days on which nothing is would prove nothing."""


@settings(max_examples=12, deadline=None, derandomize=True)
@given(day=days())
def check(town: Town, day: Day) -> None:
    with arena_town.behind_snapshot(town) as copy:
        task = staffed(copy, day)
        scores, earned = judge(task, day, play(task, day))
        event = task.finish(0)
        ranked = ranking([scores.get(place, WORST) for place in range(len(day.nodes))], day.terms["paid_nodes"])
        PLAYED.append(len(ranked))
        assert task.read("ranking", 0) == ranked
        found = [task.submission(0, node) for node in task.nodes]
        assert [each["score"] for each in found] == [scores.get(place, 0) for place in range(len(found))]
        if not ranked:
            assert event["rewardWei"] == 0
            return
        halves, rank_wad = day.terms["power_halves"], day.terms["rank_wad"]
        shares = node_shares([day.nodes[place] * GWEI for place in ranked], rank_wad, halves)
        assert [found[place]["share"] for place in ranked] == shares
        weights = [validator_weight(earned.get(validator, [])) for validator in task.validators]
        paid_shares = validator_shares(weights, day.terms["paid_validators"])
        entered = [task.read("entryOf", 0, validator.address) > 0 for validator in task.validators]
        made = [
            task.validation(0, validator)["share"] if there else 0
            for validator, there in zip(task.validators, entered, strict=True)
        ]
        assert made == paid_shares
        nodes_wei = sum(day.nodes[place] for place, score in scores.items() if score != WORST) * GWEI
        panel_wei = sum(gwei for v, gwei in zip(task.validators, day.validators, strict=True) if v in earned) * GWEI
        pools = task_pools(day.terms["daily_wei"], nodes_wei, panel_wei, day.terms["floor_bps"])
        expected = [amount for pool in pools for amount in held(pool, day.terms["now_bps"])]
        names = ("nodesNowWei", "nodesHeldWei", "validatorsNowWei", "validatorsHeldWei")
        assert [event[name] for name in names] == expected


def test_the_contract_makes_of_a_day_what_the_rules_do(deployed_arena: Town) -> None:
    PLAYED.clear()
    check(deployed_arena)
    assert sum(ranked > 0 for ranked in PLAYED) >= 6
