"""Whole tasks in which anything happens: no wei is lost or made, nobody is paid twice, every stake comes out."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import arena_town
from arena_town import CREATOR, DATASET_B, DELEGATOR, FML, NODE, SALT, Handle, Task, Town
from hypothesis import given, settings
from hypothesis import strategies as st

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.rules.arena_consensus import WORST
from fl_alliance.chain.rules.words import keccak

DONE: Counter[str] = Counter()
"""What succeeded, over all examples: what no call could break would prove nothing."""
DAYS = 2


@dataclass
class Chance:
    """A task whose people do what is drawn."""

    task: Task
    data: st.DataObject
    pools: dict[str, Handle] = field(default_factory=dict)
    paid: Counter[tuple[int, str]] = field(default_factory=Counter)

    def some(self, keys: list[NodeKey]) -> list[NodeKey]:
        return [key for key in keys if self.data.draw(st.integers(0, 4))]

    def attempt(self, kind: str, name: str, *args: Any, by: NodeKey = arena_town.OUTSIDER) -> bool:
        """Send a call of the Arena if it is not refused, and count it."""
        task = self.task
        if task.arena.is_refused(name, task.number, *args, by=by):
            DONE[f"refused: {kind}"] += 1
            return False
        task.send(name, *args, by=by)
        DONE[kind] += 1
        return True

    def move_money(self, day: int) -> None:
        """Stake, delegate, ask to redeem, redeem, claim: whatever is drawn."""
        task = self.task
        for what in self.data.draw(st.lists(st.sampled_from(["stake", "delegate", "leave", "claim"]), max_size=3)):
            node = self.data.draw(st.sampled_from(task.nodes))
            if what == "stake":
                self.attempt("stake", "stake", NODE, FML, self.data.draw(st.sampled_from([0, 40])), 0, by=node)
            elif what == "delegate" and task.town.now < task.begins(DAYS):
                self.pools[node.address] = task.delegate(node, self.data.draw(st.integers(1, 3_000)), 2_500)
                DONE["delegate"] += 1
            elif what == "leave" and node.address in self.pools:
                pool = self.pools[node.address]
                if most := pool.read("maxRedeem", DELEGATOR.address):
                    pool.send("redeem", most, DELEGATOR.address, DELEGATOR.address, by=DELEGATOR)
                    DONE["redeem"] += 1
                pool.send("requestRedeem", pool.read("balanceOf", DELEGATOR.address) // 2, by=DELEGATOR)
            elif what == "claim":
                self.claim(self.data.draw(st.integers(0, day)), node)

    def claim(self, day: int, key: NodeKey) -> None:
        if self.attempt("claim", "claim", day, key.address):
            self.paid[day, key.address] += 1

    def submit(self, day: int) -> None:
        task = self.task
        task.at(day)
        models = {
            node: keccak(b"shared") if not self.data.draw(st.integers(0, 5)) else task.model(day, node)
            for node in task.nodes
        }
        sizes = {node: self.data.draw(st.sampled_from([1_000, 1_000, 1_000, 2_000_000])) for node in task.nodes}
        for node in self.some(task.nodes):
            hashed = task.submission_hash(day, node, models[node], sizes[node])
            self.attempt("commit", "commitSubmission", hashed, by=node)
        self.move_money(day)
        task.to_reveals(day)
        for node in self.some(task.nodes):
            self.attempt("reveal", "revealSubmission", models[node], sizes[node], SALT, by=node)

    def score(self, day: int) -> None:
        task, places = self.task, self.task.day_state(day)["commits"]
        task.to_scores(day)
        scores = st.sampled_from([0, 100_000, 101_000, 150_000, WORST])
        said = {v: [self.data.draw(scores) for _ in range(places)] for v in task.validators}
        for validator in self.some(task.validators):
            hashed = task.scores_hash(day, validator, task.packed(said[validator]))
            self.attempt("commit scores", "commitScores", hashed, by=validator)
        self.move_money(day)
        task.to_score_reveals(day)
        for validator in self.some(task.validators):
            proof = task.proof(day, validator).to_solidity()
            self.attempt("reveal scores", "revealScores", proof, task.packed(said[validator]), SALT, by=validator)

    def finish(self, day: int) -> None:
        self.task.to_settlement(day)
        while self.attempt("settle", "settle", day, self.data.draw(st.integers(1, 6))):
            pass
        self.task.at(day + 1)
        self.move_money(day)
        assert self.attempt("finish", "finishDay", day)

    def enter(self) -> None:
        self.task.at(DAYS)
        if self.data.draw(st.integers(0, 3)):
            self.attempt("dataset B", "revealDatasetB", DATASET_B, SALT)
        for node in self.some(self.task.nodes):
            self.attempt("enter", "enterFinal", [node.address])

    def close(self) -> None:
        """Pay everybody out of the completed task."""
        task = self.task
        fell_back = task.state["fell_back"]
        for day in range(DAYS + 1):
            for key in (*task.nodes, *task.validators):
                self.claim(day, key)
                self.claim(day, key)
        assert all(times <= 1 + (fell_back and day < DAYS) for (day, _), times in self.paid.items())
        for key in (CREATOR, *task.nodes, *task.validators):
            task.town.wait_until(task.stake_of(key)["locked_until"])
            self.attempt("unlock", "unlock", key.address)
        assert task.town.balance(task.arena.address) == 0


@settings(max_examples=10, deadline=None, derandomize=True)
@given(data=st.data())
def play(town: Town, data: st.DataObject) -> None:
    with arena_town.behind_snapshot(town) as copy:
        task = Task.create(
            copy,
            day_count=DAYS,
            slash_bps=data.draw(st.sampled_from([0, 1_000, 10_000])),
            paid_nodes=data.draw(st.integers(1, 4)),
            paid_validators=data.draw(st.integers(1, 3)),
            now_bps=data.draw(st.integers(0, 10_000)),
            floor_bps=data.draw(st.integers(0, 5_000)),
            delegated_bps=data.draw(st.integers(0, 10_000)),
            validator_limit=data.draw(st.integers(2, 12)),
        )
        task.join_nodes(*(data.draw(st.integers(100, 2_000)) for _ in range(4)))
        task.join_validators(*(data.draw(st.integers(250, 2_000)) for _ in range(3)))
        chance = Chance(task, data)
        for day in range(DAYS):
            chance.submit(day)
            chance.score(day)
            chance.finish(day)
            assert copy.is_conserved()
        chance.enter()
        chance.score(DAYS)
        chance.finish(DAYS)
        assert copy.is_conserved()
        chance.close()


def test_whatever_happens_every_wei_is_accounted_for_and_comes_out(deployed_arena: Town) -> None:
    DONE.clear()
    play(deployed_arena)
    needed = {
        "stake", "delegate", "commit", "reveal", "commit scores", "reveal scores", "settle", "finish", "claim",
        "dataset B", "enter", "unlock",
    }  # fmt: skip
    assert all(DONE[kind] >= 5 for kind in needed), DONE
