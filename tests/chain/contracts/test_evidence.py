"""A coordinator's bond: what it posts, what proves it a liar, and what does not."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from bonds import BOND, COORDINATOR, WINDOW_S, Bonded
from federation import ACCEPT, CANDIDATE, MOTION, ONLOOKER, REJECT, Chain, Federation, Refusal

from fl_alliance.chain import artifacts
from fl_alliance.chain.alliance_refusals import NotAllowed, TooEarly
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import EVIDENCE, Contract
from fl_alliance.chain.evidence import MAX_BATCH, Posted, Status
from fl_alliance.chain.evidence_refusals import (
    NoLie,
    NotInTree,
    NotPosted,
    NotSigned,
    OutOfRange,
    TaskNotReady,
    WrongRound,
    WrongStatus,
)
from fl_alliance.chain.rules.evidence import (
    DEPTH,
    MAX_WINDOW_S,
    MEMBERS,
    MIN_WINDOW_S,
    REWARD_BPS,
    Fact,
    Kind,
    Leaf,
    Tree,
    reward_wei,
)
from fl_alliance.chain.rules.words import keccak, word

MODEL, FILE = (Kind.FACT, int(Fact.MODEL)), (Kind.FACT, int(Fact.TRANSCRIPT))
OTHER = keccak(b"another")


@pytest.fixture
def bonded(started: Federation) -> Bonded:
    """A bond behind a task, before its first round."""
    bonded = Bonded.beside(started)
    bonded.open()
    return bonded


@pytest.fixture
def told(bonded: Bonded) -> Bonded:
    """Two rounds played and honestly posted."""
    bonded.post(bonded.play(), bonded.play())
    return bonded


def test_the_bond_is_taken_and_comes_back_after_the_time_for_challenges(chain: Chain, told: Bonded) -> None:
    task, before = told.federation.task, chain.balance(COORDINATOR.address)
    assert chain.balance(told.bond.address) == BOND
    told.close()
    with pytest.raises(TooEarly):
        told.by(ONLOOKER).release(task)
    chain.wait_until(chain.now + WINDOW_S)
    told.by(ONLOOKER).release(task)
    assert chain.balance(COORDINATOR.address) == before + BOND
    assert told.bond.bond(task).status is Status.RELEASED
    with pytest.raises(WrongStatus):
        told.bond.release(task)


def test_what_is_stored_is_what_the_model_says(told: Bonded) -> None:
    assert told.bond.bond(told.federation.task) == told.model.bond
    assert told.bond.batch_digest(told.federation.task, 0) == told.model.batches[0]
    assert told.bond.bond(told.federation.task).posted == 2


def test_constants_are_those_of_the_contract(chain: Chain, bonded: Bonded) -> None:
    found = {"DEPTH": DEPTH, "MAX_BATCH": MAX_BATCH, "REWARD_BPS": REWARD_BPS}
    found |= {"MIN_WINDOW_S": MIN_WINDOW_S, "MAX_WINDOW_S": MAX_WINDOW_S}
    for name, value in found.items():
        assert chain.read(name, contract=EVIDENCE) == value


# Who may do what, and when


def test_only_the_relayer_of_a_running_task_opens_a_bond(chain: Chain, started: Federation) -> None:
    bonded = Bonded.beside(started)
    with pytest.raises(NotAllowed):
        bonded.by(ONLOOKER).open(started.task, BOND, WINDOW_S)
    with pytest.raises(OutOfRange):
        bonded.bond.open(started.task, 0, WINDOW_S)
    for window_s in (MIN_WINDOW_S - 1, MAX_WINDOW_S + 1):
        with pytest.raises(OutOfRange):
            bonded.bond.open(started.task, BOND, window_s)
    started.finish_by_abandoning()
    with pytest.raises(TaskNotReady):
        bonded.bond.open(started.task, BOND, WINDOW_S)


def test_a_task_has_one_bond(bonded: Bonded) -> None:
    with pytest.raises(WrongStatus):
        bonded.bond.open(bonded.federation.task, BOND, WINDOW_S)


def test_roots_come_in_order_once_and_after_their_rounds(bonded: Bonded) -> None:
    task, number = bonded.federation.task, bonded.play()
    for first, roots in [(2, [OTHER]), (1, [OTHER, OTHER]), (0, [OTHER])]:
        with pytest.raises(WrongRound):
            bonded.bond.post(task, first, roots)
    with pytest.raises(OutOfRange):
        bonded.bond.post(task, 1, [])
    with pytest.raises(OutOfRange):
        bonded.bond.post(task, 1, [OTHER] * (MAX_BATCH + 1))
    with pytest.raises(NotAllowed):
        bonded.by(ONLOOKER).post(task, 1, [OTHER])
    bonded.post(number)
    with pytest.raises(WrongRound):
        bonded.bond.post(task, 1, [OTHER])


def test_a_bond_is_closed_by_its_coordinator_when_all_is_over_and_posted(bonded: Bonded) -> None:
    task = bonded.federation.task
    bonded.play()
    with pytest.raises(TaskNotReady):
        bonded.bond.close(task, CANDIDATE)
    bonded.federation.finish_by_abandoning()
    with pytest.raises(WrongRound):
        bonded.bond.close(task, CANDIDATE)
    bonded.post(1)
    with pytest.raises(NotAllowed):
        bonded.by(ONLOOKER).close(task, CANDIDATE)
    bonded.bond.close(task, CANDIDATE)
    with pytest.raises(WrongStatus):
        bonded.bond.post(task, 2, [OTHER])


def test_nothing_is_done_from_a_contract(chain: Chain, told: Bonded) -> None:
    init = bytes.fromhex(artifacts.load("Forwarder").bytecode[2:]) + word(told.bond.address)
    forwarder = chain.send_raw(None, init, ONLOOKER).contract
    assert forwarder is not None
    contracts = chain.deployment.contracts | {EVIDENCE: Contract(forwarder, "")}
    forwarded = Chain(chain.w3, replace(chain.deployment, contracts=contracts))
    task, posted, zero = told.federation.task, told.posted(1).words(), bytes(32)
    place = (0, 0, told.trees[1].path((Kind.PROPOSAL, 0)))
    leaf = (zero, zero, zero, zero)
    for call in [
        ("open", task, BOND, WINDOW_S),
        ("post", task, 1, [OTHER]),
        ("close", task, OTHER),
        ("release", task),
        ("proveTwoTranscripts", task, posted, OTHER, zero, zero),
        ("proveForgedLeaf", task, posted, place, leaf),
        ("proveOmission", task, posted, place, leaf, OTHER, zero, zero),
        ("proveWrongModel", task, posted, place, leaf),
    ]:
        assert forwarded.refusal(*call, contract=EVIDENCE) == Refusal("NotDirect", ()), call
    changing = {name for name, found in interface(EVIDENCE).functions.items() if not found.is_view}
    assert len(changing) == 8


# Lies


def convicted(bonded: Bonded, prove: Callable[[], object]) -> None:
    """Run what proves a lie; half of the bond must be the accuser's, the rest gone."""
    chain, task = bonded.chain, bonded.federation.task
    before, supply = chain.balance(ONLOOKER.address), chain.read("totalSupply", contract="FML")
    prove()
    assert bonded.bond.bond(task).status is Status.CONVICTED
    assert chain.balance(ONLOOKER.address) - before == reward_wei(BOND)
    assert supply - chain.read("totalSupply", contract="FML") == BOND - reward_wei(BOND)
    assert chain.balance(bonded.bond.address) == 0
    with pytest.raises(WrongStatus):
        bonded.bond.post(task, 3, [OTHER])


def test_two_transcripts_of_one_round_cost_the_bond(told: Bonded) -> None:
    proof = (told.posted(1), OTHER, told.signed_root(1, OTHER))
    convicted(told, lambda: told.by(ONLOOKER).prove_two_transcripts(told.federation.task, *proof))


def test_a_leaf_that_its_member_never_signed_costs_the_bond(bonded: Bonded) -> None:
    number = bonded.play()
    place = bonded.place_of(number, Kind.PROPOSAL)
    bonded.change(number, place, replace(bonded.trees[number].leaf(place), value=OTHER))
    bonded.post(number)
    shown = (bonded.posted(number), bonded.trees[number], place)
    convicted(bonded, lambda: bonded.by(ONLOOKER).prove_forged_leaf(bonded.federation.task, *shown))


def test_a_misreported_score_costs_the_bond(bonded: Bonded) -> None:
    number = bonded.play()
    place = bonded.place_of(number, Kind.VOTE)
    false = (REJECT[0] << 32 | REJECT[1]).to_bytes(32, "big")
    bonded.change(number, place, replace(bonded.trees[number].leaf(place), value=false))
    bonded.post(number)
    shown = (bonded.posted(number), bonded.trees[number], place)
    convicted(bonded, lambda: bonded.by(ONLOOKER).prove_forged_leaf(bonded.federation.task, *shown))


def test_a_leaf_of_a_member_that_does_not_exist_costs_the_bond(bonded: Bonded) -> None:
    number, place = bonded.play(), (Kind.PROPOSAL, MEMBERS - 1)
    bonded.change(number, place, Leaf(OTHER))
    bonded.post(number)
    shown = (bonded.posted(number), bonded.trees[number], place)
    convicted(bonded, lambda: bonded.by(ONLOOKER).prove_forged_leaf(bonded.federation.task, *shown))


@pytest.mark.parametrize("replacement", [None, Leaf(OTHER)], ids=["omitted", "replaced"])
def test_a_receipt_for_what_the_transcript_has_not_costs_the_bond(bonded: Bonded, replacement: Leaf | None) -> None:
    number = bonded.play()
    place = bonded.place_of(number, Kind.PROPOSAL)
    value = bonded.trees[number].leaf(place).value
    bonded.change(number, place, replacement)
    bonded.post(number)
    shown = (bonded.posted(number), bonded.trees[number], place, value, bonded.receipt(number, place, value))
    convicted(bonded, lambda: bonded.by(ONLOOKER).prove_omission(bonded.federation.task, *shown))


@pytest.mark.parametrize("said", [CANDIDATE, None], ids=["another", "none"])
def test_a_final_model_other_than_the_last_rounds_costs_the_bond(bonded: Bonded, said: bytes | None) -> None:
    number = bonded.play()
    bonded.change(number, MODEL, Leaf(said) if said else None)
    bonded.post(number)
    bonded.close(OTHER)
    shown = (bonded.posted(number), bonded.trees[number], MODEL)
    convicted(bonded, lambda: bonded.by(ONLOOKER).prove_wrong_model(bonded.federation.task, *shown))


# What is no lie, or is not shown to be one


def test_a_false_accusation_costs_the_coordinator_nothing(told: Bonded) -> None:
    task, accuser, before = told.federation.task, told.by(ONLOOKER), told.bond.bond(told.federation.task)
    tree, posted = told.trees[1], told.posted(1)
    proposal, vote = told.place_of(1, Kind.PROPOSAL), told.place_of(1, Kind.VOTE)
    value, empty = tree.leaf(proposal).value, (Kind.PROPOSAL, vote[1])
    for place in (proposal, vote, told.place_of(1, Kind.COMMITMENT), MODEL, FILE, empty):
        with pytest.raises(NoLie):
            accuser.prove_forged_leaf(task, posted, tree, place)
    with pytest.raises(NoLie):
        accuser.prove_omission(task, posted, tree, proposal, value, told.receipt(1, proposal, value))
    with pytest.raises(NotSigned):
        accuser.prove_omission(task, posted, tree, proposal, OTHER, told.receipt(1, proposal, OTHER, ONLOOKER))
    with pytest.raises(NotSigned):
        accuser.prove_omission(task, posted, tree, proposal, OTHER, told.receipt(2, proposal, OTHER))
    with pytest.raises(NoLie):
        accuser.prove_two_transcripts(task, posted, tree.root, told.signed_root(1, tree.root))
    with pytest.raises(NotSigned):
        accuser.prove_two_transcripts(task, posted, OTHER, told.signed_root(1, OTHER, ONLOOKER))
    with pytest.raises(NotSigned):
        accuser.prove_two_transcripts(task, posted, OTHER, told.signed_root(2, OTHER))
    with pytest.raises(WrongStatus):
        accuser.prove_wrong_model(task, posted, tree, MODEL)
    assert told.bond.bond(task) == before


def test_a_member_that_signs_twice_cannot_frame_its_coordinator(told: Bonded) -> None:
    """What it signs beside changes nothing in the leaf; it loses its stake for it, in the Alliance."""
    place, member = told.place_of(1, Kind.PROPOSAL), told.place_of(1, Kind.PROPOSAL)[1]
    second = told.federation.proposal(member, OTHER, round=1)
    tree = Tree(told.trees[1].leaves | {place: Leaf(OTHER, signature=second[34:])})
    with pytest.raises(NotInTree):
        told.by(ONLOOKER).prove_forged_leaf(told.federation.task, told.posted(1), tree, place)


def test_an_honest_final_model_is_no_lie(told: Bonded) -> None:
    told.close()
    task, accuser = told.federation.task, told.by(ONLOOKER)
    with pytest.raises(NoLie):
        accuser.prove_wrong_model(task, told.posted(2), told.trees[2], MODEL)
    with pytest.raises(WrongRound):
        accuser.prove_wrong_model(task, told.posted(1), told.trees[1], MODEL)
    with pytest.raises(OutOfRange):
        accuser.prove_wrong_model(task, told.posted(2), told.trees[2], FILE)


def test_other_roots_rounds_and_paths_are_refused(chain: Chain, told: Bonded) -> None:
    task, tree, posted, place = told.federation.task, told.trees[1], told.posted(1), told.place_of(1, Kind.PROPOSAL)
    for other in (
        replace(posted, roots=(OTHER,)),
        replace(posted, batch=1),
        replace(posted, first=2),
        replace(posted, round=0),
        replace(posted, round=3),
    ):
        with pytest.raises(NotPosted):
            told.by(ONLOOKER).prove_forged_leaf(task, other, tree, place)
    with pytest.raises(NotInTree):
        told.by(ONLOOKER).prove_forged_leaf(task, replace(posted, round=2), tree, place)
    leaf, path = tree.leaf(place).words, tree.path(place)
    for shown, values in {
        (0, place[1], tuple(path[:-1])): ("path", DEPTH - 1),
        (0, MEMBERS, tuple(path)): ("member", MEMBERS),
    }.items():
        call = ("proveForgedLeaf", task, posted.words(), shown, leaf)
        data = chain.encode(*call, contract=EVIDENCE)
        assert data
        refusal = refused(chain, call)
        assert refusal == Refusal("OutOfRange", values)


def refused(chain: Chain, call: tuple[object, ...]) -> Refusal:
    name, *args = call
    return chain.refusal(str(name), *args, contract=EVIDENCE)


def test_a_released_bond_is_out_of_reach(chain: Chain, told: Bonded) -> None:
    told.close()
    chain.wait_until(chain.now + WINDOW_S)
    told.bond.release(told.federation.task)
    with pytest.raises(WrongStatus):
        told.by(ONLOOKER).prove_two_transcripts(told.federation.task, told.posted(1), OTHER, told.signed_root(1, OTHER))


def test_a_vote_of_the_other_rule_is_its_members_too(bonded: Bonded) -> None:
    from fl_alliance.chain.messages import Scores

    number = bonded.play()
    place = bonded.place_of(number, Kind.VOTE)
    key = bonded.federation.keys[place[1]]
    signature = Scores(bonded.federation.task, number, MOTION, OTHER).sign(key, bonded.chain.domain)
    bonded.change(number, place, Leaf(OTHER, MOTION, signature))
    bonded.post(number)
    with pytest.raises(NoLie):
        bonded.by(ONLOOKER).prove_forged_leaf(
            bonded.federation.task, bonded.posted(number), bonded.trees[number], place
        )


def test_gas_of_transcripts_in_batches(bonded: Bonded, gas_figure: Callable[[str, int], None]) -> None:
    """A round's own transactions do not change: roots come in transactions of their own, many in one."""
    bonded.play()
    gas_figure("evidence.post.first", bonded.post(1).gas_used)
    for _ in range(2):
        bonded.play()
    gas_figure("evidence.post.two", bonded.post(2, 3).gas_used)
    tree, place = bonded.trees[1], bonded.place_of(1, Kind.VOTE)
    value = bonded.trees[1].leaf(place).value
    assert value == (ACCEPT[0] << 32 | ACCEPT[1]).to_bytes(32, "big")
    proof = (Posted(0, 1, (tree.root,), 1), tree, place, OTHER, bonded.receipt(1, place, OTHER))
    gas_figure("evidence.proveOmission", bonded.by(ONLOOKER).prove_omission(bonded.federation.task, *proof).gas_used)
