"""Random coordinators and accusers: contract and model take and refuse the same, and FML goes where the model says."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import federation
import pytest
from bonds import BOND, COORDINATOR, WINDOW_S, Bonded
from federation import CANDIDATE, ONLOOKER
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fl_alliance.chain.evidence import Status
from fl_alliance.chain.refusals import Refused
from fl_alliance.chain.rules.evidence import NOTHING, Fact, Kind, Leaf
from fl_alliance.chain.rules.words import keccak

OTHER = keccak(b"another")
PLACES = [(Kind.FACT, int(Fact.MODEL)), (Kind.PROPOSAL, 1023), (Kind.VOTE, 0)]


class Bonds(RuleBasedStateMachine):
    """One task; each step is sent to the contract and taken by the model."""

    shared: federation.Federation
    counts: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.stay = federation.behind_snapshot(self.shared)
        shared, chain = self.shared, self.stay.__enter__()
        task = federation.Federation(chain, shared.params, shared.pool_wei, shared.task, list(shared.keys))
        self.bonded = Bonded.beside(task)
        self.start = chain.balance(ONLOOKER.address)

    @initialize(
        lied=st.sampled_from(["", "forged", "forged", "omitted", "model"]), posts=st.sampled_from([True, True, False])
    )
    def begin(self, lied: str, posts: bool) -> None:
        """A bond and a round that is told, most often honestly and posted: what comes then has something to hit."""
        self.open(BOND, WINDOW_S, mine=True)
        self.play(lied)
        if posts:
            self.post(1, 0, mine=True)

    def teardown(self) -> None:
        self.stay.__exit__(None, None, None)

    def both(self, name: str, send: Callable[[], Any], model: Callable[[], Any]) -> Any:
        """Do both; they must refuse alike or both go through. Return what the model gives, None where refused."""
        try:
            send()
        except Refused as refusal:
            try:
                model()
            except Refused as expected:
                self.counts[f"refused {name}"] += _alike(refusal, expected)
                return None
            raise AssertionError(f"{name}: the contract refuses, the model does not: {refusal}") from refusal
        found = model()
        self.counts[name] += 1
        return found

    @rule(bond_wei=st.sampled_from([0, BOND]), window_s=st.sampled_from([1, WINDOW_S]), mine=st.booleans())
    def open(self, bond_wei: int, window_s: int, mine: bool) -> None:
        bonded, key = self.bonded, COORDINATOR if mine else ONLOOKER
        self.both(
            "open",
            lambda: bonded.by(key).open(bonded.federation.task, bond_wei, window_s),
            lambda: bonded.model.open(bonded.facts, key.address, bond_wei, window_s),
        )

    @rule(changed=st.sampled_from(["", "forged", "omitted", "model"]))
    def play(self, changed: str) -> None:
        bonded = self.bonded
        if bonded.facts.finished or len(bonded.trees) >= 4:
            return
        number = bonded.play()
        place = bonded.place_of(number, Kind.PROPOSAL)
        if changed == "forged":
            bonded.change(number, place, replace(bonded.trees[number].leaf(place), value=OTHER))
        elif changed == "omitted":
            bonded.change(number, place, None)
        elif changed == "model":
            bonded.change(number, (Kind.FACT, int(Fact.MODEL)), Leaf(OTHER))

    @rule(count=st.integers(0, 3), skew=st.sampled_from([0, 0, 0, 1]), mine=st.sampled_from([True, True, False]))
    def post(self, count: int, skew: int, mine: bool) -> None:
        bonded, key = self.bonded, COORDINATOR if mine else ONLOOKER
        first = bonded.model.bond.posted + 1 + skew
        roots = tuple(bonded.trees[n].root if n in bonded.trees else OTHER for n in range(first, first + count))
        batches = len(bonded.model.batches)
        self.both(
            "post",
            lambda: bonded.by(key).post(bonded.federation.task, first, roots),
            lambda: bonded.model.post(bonded.facts, key.address, first, roots),
        )
        if len(bonded.model.batches) > batches:
            bonded.batches.append((first, roots))

    @rule(model=st.sampled_from([CANDIDATE, CANDIDATE, OTHER]), finish=st.sampled_from([True, True, False]))
    def close(self, model: bytes, finish: bool) -> None:
        bonded = self.bonded
        if finish and not bonded.facts.finished and bonded.trees:
            bonded.federation.finish_by_abandoning()
        self.both(
            "close",
            lambda: bonded.bond.close(bonded.federation.task, model),
            lambda: bonded.model.close(bonded.facts, COORDINATOR.address, model, bonded.chain.now),
        )

    @rule(seconds=st.sampled_from([10, WINDOW_S]))
    def release(self, seconds: int) -> None:
        bonded = self.bonded
        if bonded.facts.finished:  # a wait would change who leads the next round
            bonded.chain.wait_until(bonded.chain.now + seconds)
        task = bonded.federation.task
        self.both("release", lambda: bonded.by(ONLOOKER).release(task), lambda: bonded.model.release(bonded.chain.now))

    @rule(
        number=st.sampled_from([1, 1, 1, 2, 3]),
        root=st.sampled_from(["same", "other"]),
        lied=st.sampled_from([False, False, True]),
    )
    def accuse_of_two(self, number: int, root: str, lied: bool) -> None:
        bonded = self.bonded
        posted = bonded.posted(number)
        known = bonded.trees[number].root if number in bonded.trees else OTHER
        shown = known if root == "same" else keccak(known)
        proof = (posted, shown, bonded.signed_root(number, shown, COORDINATOR if lied else ONLOOKER))
        self.both(
            "two transcripts",
            lambda: bonded.by(ONLOOKER).prove_two_transcripts(bonded.federation.task, *proof),
            lambda: bonded.model.prove_two_transcripts(*proof),
        )

    @rule(number=st.sampled_from([1, 1, 1, 2, 3]), pick=st.sampled_from([0, 0, 1, 4, 7, 9, 10, 11, 12]))
    def accuse_of_forgery(self, number: int, pick: int) -> None:
        bonded = self.bonded
        if number not in bonded.trees:
            return
        tree, posted = bonded.trees[number], bonded.posted(number)
        places = [*sorted(tree.leaves), *PLACES]
        place = places[pick % len(places)]
        self.both(
            "forged leaf",
            lambda: bonded.by(ONLOOKER).prove_forged_leaf(bonded.federation.task, posted, tree, place),
            lambda: bonded.model.prove_forged_leaf(bonded.facts, posted, place, tree.path(place), tree.leaf(place)),
        )

    @rule(
        number=st.sampled_from([1, 1, 1, 2, 3]),
        pick=st.sampled_from([0, 0, 1, 4, 7, 9, 10, 11, 12]),
        lied=st.sampled_from([False, False, True]),
        other=st.booleans(),
    )
    def accuse_of_omission(self, number: int, pick: int, lied: bool, other: bool) -> None:
        """An honest coordinator has signed receipts for what is in its transcripts alone."""
        bonded = self.bonded
        if number not in bonded.trees:
            return
        tree, posted = bonded.trees[number], bonded.posted(number)
        places = [*sorted(tree.leaves), *PLACES]
        place = places[pick % len(places)]
        value = OTHER if other or tree.leaf(place) == NOTHING else tree.leaf(place).value
        proof = (value, bonded.receipt(number, place, value, COORDINATOR if lied else ONLOOKER))
        self.both(
            "omission",
            lambda: bonded.by(ONLOOKER).prove_omission(bonded.federation.task, posted, tree, place, *proof),
            lambda: bonded.model.prove_omission(posted, place, tree.path(place), tree.leaf(place), *proof),
        )

    @rule(number=st.sampled_from([1, 1, 1, 2, 3]), place=st.sampled_from(PLACES))
    def accuse_of_another_model(self, number: int, place: tuple[Kind, int]) -> None:
        bonded = self.bonded
        if number not in bonded.trees:
            return
        tree, posted = bonded.trees[number], bonded.posted(number)
        self.both(
            "wrong model",
            lambda: bonded.by(ONLOOKER).prove_wrong_model(bonded.federation.task, posted, tree, place),
            lambda: bonded.model.prove_wrong_model(posted, place, tree.path(place), tree.leaf(place)),
        )

    @rule(how=st.sampled_from(["", "", "two", "forgery", "omission"]))
    def catch(self, how: str) -> None:
        """Accuse of what is a lie, where the coordinator told one: at random that would be rare."""
        if not self.bonded.batches:
            return
        if how == "two":
            self.accuse_of_two(1, "other", lied=True)
        elif how == "forgery":
            self.accuse_of_forgery(1, 0)
        elif how == "omission":
            self.accuse_of_omission(1, 0, lied=True, other=True)

    @invariant()
    def the_books_are_the_models(self) -> None:
        bonded = self.bonded
        found, bond = bonded.bond.bond(bonded.federation.task), bonded.model.bond
        assert found == bond
        held = bond.bond_wei if bond.status in (Status.OPEN, Status.CLOSED) else 0
        assert bonded.chain.balance(bonded.bond.address) == held
        won = bond.bond_wei // 2 if bond.status is Status.CONVICTED else 0
        assert bonded.chain.balance(ONLOOKER.address) - self.start == won


def _alike(found: Refused, expected: Refused) -> bool:
    """Refuse two refusals that differ."""
    assert (type(found), _plain(found)) == (type(expected), _plain(expected))
    return True


def _plain(refusal: Refused) -> dict[str, Any]:
    """The values of a refusal, addresses in lower case."""
    return {name: value.lower() if isinstance(value, str) else value for name, value in refusal.values.items()}


@pytest.mark.slow
def test_contract_and_model_agree_on_every_step(deployed: federation.Federation) -> None:
    Bonds.shared, Bonds.counts = deployed, Counter()
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Bonds,
        settings=settings(
            max_examples=60,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
    done = Bonds.counts
    for name in ("open", "post", "close", "two transcripts", "forged leaf", "omission"):
        assert done[name], (name, done)
        assert done[f"refused {name}"], (name, done)
    assert sum(done.values()) > 200
