"""Rounds with hidden updates: what the coordinator sees, what the model becomes, and what a bad member costs whom."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from flwr.app import Context, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg, Krum

from fl_alliance.coalition import coalition
from fl_alliance.config import JobConfig
from fl_alliance.insider import enter
from fl_alliance.strategies import wire
from fl_alliance.strategies.errors import SettingRefused
from fl_alliance.strategies.events import ProposalsLocked, RoundSettled
from fl_alliance.strategies.masking.fixed_point import FixedPoint
from fl_alliance.strategies.masking.groups import draw_groups
from fl_alliance.training import train_config

Behaviour = Callable[[Message, Context, ClientApp], Message]
MASKED = ("privacy.masks=true",)
FOUR = (*MASKED, "alliance.proposers=4", "alliance.voters=2", "rounds=1")
TEN = (*MASKED, "rule=candidates", "nodes=14", "alliance.proposers=10", "alliance.voters=4", "rounds=1")


def site_of(context: Context) -> int:
    return int(context.node_config["partition-id"])


def refusing(*kinds: str, of: Callable[[int], bool] = lambda site: True) -> Behaviour:
    """Return nodes of which some fail on these kinds of message."""

    def behave(message: Message, context: Context, app: ClientApp) -> Message:
        if message.metadata.message_type in kinds and of(site_of(context)):
            raise ConnectionError("this site is down")
        return app(message, context)

    return behave


def mean_model(config: JobConfig, old: Mapping[str, np.ndarray], sites: list[int]) -> dict[str, np.ndarray]:
    """Return the old model with the mean of the sites' updates added, summed in the clear as whole numbers."""
    numbers, total = FixedPoint(config.privacy.mask_range), 0
    for number in sites:
        site = enter(config, number)
        result = site.workload.train(dict(old), site.data, train_config(config, site.workload, 1))
        change = [result.arrays[name].astype(np.float64).ravel() - old[name].astype(np.float64).ravel() for name in old]
        total = total + numbers.encode(np.concatenate(change))
    mean, made, start = numbers.mean(total, len(sites)), {}, 0
    for name, array in old.items():
        flat = array.astype(np.float64).ravel() + mean[start : start + array.size]
        made[name] = flat.reshape(array.shape).astype(array.dtype)
        start += array.size
    return made


def is_same(found: Mapping[str, np.ndarray], needed: Mapping[str, np.ndarray]) -> bool:
    return all((found[name] == needed[name]).all() for name in needed)


def test_with_nobody_missing_the_model_is_that_of_the_plain_updates_to_the_bit(alliance: Callable[..., Any]) -> None:
    task = alliance(*FOUR)
    result = task.run(FedAvg())
    assert task.told(RoundSettled)[0].outcome == "accepted"
    (locked,) = task.told(ProposalsLocked)
    needed = mean_model(task.config, wire.to_arrays(task.initial), list(locked.proposed))
    assert is_same(wire.to_arrays(result.arrays), needed)


def test_the_coordinator_sees_noise_and_no_figure_of_a_sites_data(alliance: Callable[..., Any]) -> None:
    seen: list[Message] = []

    def listening(message: Message, context: Context, app: ClientApp) -> Message:
        reply = app(message, context)
        if message.metadata.message_type == "train":
            seen.append(reply)
        return reply

    task = alliance(*FOUR, "workload=digits", behave=listening)
    task.run(FedAvg())
    assert len(seen) == 4
    for reply in seen:
        assert dict(wire.single_metrics(reply)) == {"num-examples": 1}
        values = np.concatenate([array.ravel() for array in wire.to_arrays(wire.single_arrays(reply)).values()])
        assert values.dtype == np.uint32
        counts = np.histogram(values, 8, (0, 2**32))[0]
        assert counts.min() > 0.75 * len(values) / 8
        assert set(reply.content) == {"arrays", "metrics", "alliance"}


@pytest.mark.parametrize("kind", ["query.mask_key", "train"])
def test_a_member_that_is_gone_before_its_update_came_is_left_out_of_the_sum(
    alliance: Callable[..., Any], kind: str
) -> None:
    drawn: list[int] = []

    def first_of(site: int) -> bool:
        drawn.extend([site] if not drawn else [])
        return site == drawn[0]

    task = alliance(*FOUR, behave=refusing(kind, of=first_of))
    result = task.run(FedAvg())
    (locked,) = task.told(ProposalsLocked)
    assert len(locked.proposed) == 3
    assert set(locked.dropped) == set(drawn[:1])
    assert task.told(RoundSettled)[0].outcome == "accepted"
    assert is_same(
        wire.to_arrays(result.arrays), mean_model(task.config, wire.to_arrays(task.initial), list(locked.proposed))
    )


def test_a_member_that_is_gone_after_its_update_came_is_in_the_sum(alliance: Callable[..., Any]) -> None:
    gone: list[int] = []

    def first_of(site: int) -> bool:
        gone.extend([site] if not gone else [])
        return site == gone[0]

    task = alliance(*FOUR, behave=refusing("query.mask_reveal", of=first_of))
    result = task.run(FedAvg())
    (locked,) = task.told(ProposalsLocked)
    assert len(locked.proposed) == 4
    assert gone
    assert not locked.dropped
    assert is_same(
        wire.to_arrays(result.arrays), mean_model(task.config, wire.to_arrays(task.initial), list(locked.proposed))
    )


def test_a_sum_that_cannot_be_read_makes_the_round_void_and_costs_nobody_anything(
    alliance: Callable[..., Any],
) -> None:
    task = alliance(*FOUR, behave=refusing("query.mask_reveal"))
    result = task.run(FedAvg())
    (locked,), (settled,) = task.told(ProposalsLocked), task.told(RoundSettled)
    assert all("cannot be read" in locked.dropped[member] for member in locked.proposed)
    assert settled.outcome == "void"
    assert not any(settled.deltas.values())
    assert result.arrays == task.initial


def test_a_node_sends_nothing_in_the_clear_whoever_asks(alliance: Callable[..., Any]) -> None:
    refused: list[str] = []

    def downgraded(message: Message, context: Context, app: ClientApp) -> Message:
        if message.metadata.message_type == "train":
            bare = wire.with_content(
                message, RecordDict({name: one for name, one in message.content.items() if name != wire.MASKS})
            )
            with pytest.raises(PermissionError, match="behind masks or not at all") as error:
                app(bare, context)
            refused.append(str(error.value))
        return app(message, context)

    task = alliance(*FOUR, behave=downgraded)
    task.run(FedAvg())
    assert len(refused) == 4


def test_a_node_does_not_train_twice_behind_the_same_masks(alliance: Callable[..., Any]) -> None:
    refused: list[int] = []

    def twice(message: Message, context: Context, app: ClientApp) -> Message:
        if message.metadata.message_type != "train":
            return app(message, context)
        content = dict(message.content)
        other = {name: array + 1 for name, array in wire.to_arrays(wire.single_arrays(message)).items()}
        reply = app(message, context)
        again = wire.with_content(message, RecordDict({**content, "arrays": wire.to_record(other)}))
        with pytest.raises(ValueError, match="another proposal was signed"):
            app(again, context)
        refused.append(site_of(context))
        return reply

    task = alliance(*FOUR, behave=twice)
    task.run(FedAvg())
    assert len(refused) == 4


def test_a_node_acts_on_one_set_of_survivors_in_a_round(alliance: Callable[..., Any]) -> None:
    refused: list[int] = []

    def lied_to(message: Message, context: Context, app: ClientApp) -> Message:
        reply = app(message, context)
        if message.metadata.message_type == wire.MASK_REVEAL:
            place, masks = (message.content.config_records[name] for name in (wire.ALLIANCE, wire.MASKS))
            own = int(context.node_config["partition-id"])
            survivors = [m for m in masks["survivors"] if m != next(x for x in masks["survivors"] if x != own)]
            lie = RecordDict({wire.ALLIANCE: place, wire.MASKS: masks})
            lie[wire.MASKS]["survivors"] = survivors
            query = Message(lie, dst_node_id=message.metadata.dst_node_id, message_type=wire.MASK_AGREE)
            with pytest.raises(ValueError, match="another mask survivors was signed"):
                app(query, context)
            refused.append(own)
        return reply

    task = alliance(*FOUR, behave=lied_to)
    task.run(FedAvg())
    assert len(refused) == 4


def test_what_is_found_of_a_group_is_found_of_each_of_its_members(alliance: Callable[..., Any]) -> None:
    task = alliance(*TEN)
    task.run(FedAvg())
    committee = task.model.committee
    members = sorted(committee.updates)
    groups = draw_groups(committee.seed, members, 4)
    assert [len(group) for group in groups] == [5, 5]
    assert len(committee.contributions) == 4
    for told in committee.contributions.values():
        for group in groups:
            assert len({told[members.index(member)] for member in group}) == 1
    assert any(len(set(told)) > 1 for told in committee.contributions.values())


def test_a_strategy_that_needs_more_updates_than_there_are_groups_is_refused(alliance: Callable[..., Any]) -> None:
    task = alliance(*TEN)
    with pytest.raises(SettingRefused, match="at most 2, the groups of proposers"):
        task.backed(Krum(num_malicious_nodes=1))


FIVE_GROUPS = (*MASKED, "rule=candidates", "workload=digits", "nodes=26", "alliance.proposers=20", "alliance.voters=6")
FIVE_GROUPS += ("rounds=1",)
SITE = 3
"""Proposes in the first round of such a task: nothing but keys and the seed decide that."""


def gains(task: Any) -> dict[int, int]:
    """Return what every member who proposed has more than its stake, escrow included, in gwei."""
    held, escrow = task.model.balances, task.model.escrow
    return {member: held[member] - 100 * 10**9 + escrow.get(member, 0) for member in task.model.committee.updates}


def attacked(alliance: Callable[..., Any], attack: str, site: int) -> tuple[Any, set[int], ProposalsLocked]:
    """Return a task in which one site attacks its group, that group, and what was said of its proposals."""
    task = alliance(*FIVE_GROUPS, f"attack/protocol={attack}", f"attack.nodes=[{site}]")
    task.run(FedAvg())
    committee, (locked,) = task.model.committee, task.told(ProposalsLocked)
    groups = draw_groups(committee.seed, sorted(committee.updates), 4)
    return task, next(set(group) for group in groups if site in group), locked


def test_a_member_that_sends_noise_costs_its_group_nearly_all_its_pay_and_no_other(
    alliance: Callable[..., Any],
) -> None:
    task, group, locked = attacked(alliance, "garbled-mask", SITE)
    assert not locked.dropped
    gained = gains(task)
    mine, others = (np.mean([gained[m] for m in gained if (m in group) is own]) for own in (True, False))
    assert others > 10**9
    assert mine < others / 5
    assert not any(delta < 0 for delta in task.told(RoundSettled)[0].deltas.values())


def test_a_member_whose_shares_nobody_can_read_costs_its_group_all_its_pay_and_no_other(
    alliance: Callable[..., Any],
) -> None:
    task, group, locked = attacked(alliance, "unreadable-shares", SITE)
    assert set(locked.dropped) == group
    assert all(f"member {SITE}'s own mask" in why for why in locked.dropped.values())
    gained = gains(task)
    assert {gained[member] for member in group} == {0}
    assert sum(gained.values()) > 10**9


def test_a_member_that_falls_silent_after_it_has_sent_its_update_costs_nobody_anything(
    alliance: Callable[..., Any],
) -> None:
    task, group, locked = attacked(alliance, "withheld-unmask", SITE)
    assert not locked.dropped
    assert len({gains(task)[member] for member in group}) == 1
    assert sum(gains(task).values()) > 10**9


def test_over_regroupings_who_poisons_is_paid_less_and_slashed_and_who_was_grouped_with_it_is_not(
    alliance: Callable[..., Any],
) -> None:
    task = alliance(
        *(*MASKED, "rule=candidates", "nodes=20", "alliance.proposers=16", "alliance.voters=4", "rounds=12"),
        *("train.learning_rate=0.02", "alliance.pool=3000", "seed=2"),
        *("attack/update=sign-flip", "attack.update.scale=3", "attack.share=0.2"),
    )
    task.run(FedAvg())
    model, guilty = task.model, set(coalition(task.config))
    innocent = set(range(20)) - guilty
    held = {member: (model.balances[member] + model.escrow.get(member, 0)) / 10**9 for member in range(20)}
    averages = {member: model.record(member).average for member in range(20)}
    assert len(guilty) == 4
    assert np.mean([averages[g] < averages[i] for g in guilty for i in innocent]) > 0.8
    assert np.mean([averages[g] for g in guilty]) < 0 < np.mean([averages[i] for i in innocent])
    assert np.mean([held[m] for m in guilty]) - 100 < 0.5 * (np.mean([held[m] for m in innocent]) - 100)
    losses = [member for settled in task.told(RoundSettled) for member, delta in settled.deltas.items() if delta < 0]
    assert set(losses) & guilty
    assert not set(losses) & innocent
