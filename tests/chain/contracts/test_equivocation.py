"""Two different signed statements on one matter cost everything."""

from typing import Any

import pytest
from federation import ACCEPT, MOTION, ONLOOKER, REJECT, Chain, Federation, Refusal

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Commitment, Proposal, Vote
from fl_alliance.chain.types import Phase

PROPOSAL, COMMITMENT, VOTE = 0, 1, 2
FIRST, SECOND = b"\1" * 32, b"\2" * 32


def message(federation: Federation, kind: int, value: bytes, motion: bytes, round_: int) -> Any:
    if kind == PROPOSAL:
        return Proposal(federation.task, round_, value)
    if kind == COMMITMENT:
        return Commitment(federation.task, round_, motion, value)
    return Vote(federation.task, round_, motion, *divmod(int.from_bytes(value, "big"), 1 << 32))


def proof(federation: Federation, member: int, kind: int, **changes: Any) -> tuple[Any, ...]:
    """Return an Equivocation; changes forge it."""
    values = changes.get("values", (vote_value(*ACCEPT), vote_value(*REJECT)) if kind == VOTE else (FIRST, SECOND))
    key = changes.get("key") or federation.keys[member]
    motions = changes.get("motions", (MOTION, MOTION))
    round_ = changes.get("signed_round", 1)
    signatures = [
        message(federation, kind, value, motion, round_).sign(key, federation.chain.domain)
        for value, motion in zip(values, motions, strict=True)
    ]
    split = [(signature[:32], signature[32:]) for signature in signatures]
    return (1, member, kind, MOTION, *values, *split)


def vote_value(old: int, new: int) -> bytes:
    return (old << 32 | new).to_bytes(32, "big")


@pytest.fixture
def opened(started: Federation) -> Federation:
    started.open()
    return started


@pytest.mark.parametrize("kind", [PROPOSAL, COMMITMENT, VOTE])
def test_anybody_who_holds_both_takes_the_whole_balance(chain: Chain, opened: Federation, kind: int) -> None:
    held, pool = opened.balances[4], opened.pool
    receipt = chain.send("slashEquivocation", opened.task, proof(opened, 4, kind), by=ONLOOKER)
    assert opened.balances[4] == 0
    bounty = held // 10
    assert chain.read("creditGwei", ONLOOKER.address) == bounty
    assert opened.pool == pool + held - bounty
    [(_, event)] = chain.events(receipt, "EquivocationSlashed")
    assert (event["member"], event["kind"], event["slashedGwei"]) == (4, kind, held)


def test_a_member_is_slashed_once(chain: Chain, opened: Federation) -> None:
    call = ("slashEquivocation", opened.task, proof(opened, 4, PROPOSAL))
    chain.send(*call)
    assert chain.refusal(*call) == Refusal("NothingThere", ())


def test_saying_the_same_twice_is_no_crime(chain: Chain, opened: Federation) -> None:
    """A message that is sent again is the same message."""
    twice = proof(opened, 4, PROPOSAL, values=(FIRST, FIRST))
    assert chain.refusal("slashEquivocation", opened.task, twice) == Refusal("SameStatement", (4,))


@pytest.mark.parametrize("kind", [COMMITMENT, VOTE])
def test_votes_on_two_motions_are_the_relayers_doing(chain: Chain, opened: Federation, kind: int) -> None:
    """A relayer that shows a voter two motions cannot rob it of its stake."""
    framed = proof(opened, 4, kind, motions=(MOTION, bytes(32)))
    assert chain.refusal("slashEquivocation", opened.task, framed) == Refusal("BadSignature", (4,))


@pytest.mark.parametrize("forged", [{"key": NodeKey.derive(7, 999)}, {"signed_round": 2}])
def test_what_the_member_did_not_sign_for_this_round_is_no_evidence(
    chain: Chain, opened: Federation, forged: dict[str, Any]
) -> None:
    call = ("slashEquivocation", opened.task, proof(opened, 4, PROPOSAL, **forged))
    assert chain.refusal(*call) == Refusal("BadSignature", (4,))


def test_signatures_of_nobody_are_no_evidence(chain: Chain, opened: Federation) -> None:
    empty = (bytes(32), bytes(32))
    call = ("slashEquivocation", opened.task, (1, 4, PROPOSAL, MOTION, FIRST, SECOND, empty, empty))
    assert chain.refusal(*call) == Refusal("BadSignature", (4,))


def test_a_member_that_does_not_exist_is_not_slashed(chain: Chain, opened: Federation) -> None:
    call = ("slashEquivocation", opened.task, proof(opened, 8, PROPOSAL, key=opened.keys[0]))
    assert chain.refusal(*call).name == "NotMember"


def test_evidence_keeps_until_a_round_is_open(chain: Chain, started: Federation) -> None:
    """Between rounds the balances say who leads: who slashes itself must not draw the line anew."""
    call = ("slashEquivocation", started.task, proof(started, 4, PROPOSAL))
    assert chain.refusal(*call) == Refusal("WrongPhase", (started.task, Phase.IDLE))
    started.open()
    chain.send(*call)
    assert started.balances[4] == 0


def test_evidence_of_an_older_round_counts_too(chain: Chain, started: Federation) -> None:
    started.play()
    started.open()
    chain.send("slashEquivocation", started.task, proof(started, 4, PROPOSAL))
    assert started.balances[4] == 0


def test_a_slashed_member_is_not_drawn_again_and_its_round_goes_on(chain: Chain, started: Federation) -> None:
    proposer, *_ = started.open()
    chain.send("slashEquivocation", started.task, proof(started, proposer, PROPOSAL))
    started.propose()
    votes = dict.fromkeys(started.draw(), ACCEPT)
    started.commit(votes)
    assert started.settle(started.records(votes))["outcome"].name == "ACCEPTED"
    assert started.balances[proposer] == 0
    started.open()
    assert started.members[proposer][3] == 0


def test_a_finished_task_slashes_nobody(chain: Chain, opened: Federation) -> None:
    call = ("slashEquivocation", opened.task, proof(opened, 4, PROPOSAL))
    opened.finish_by_abandoning()
    assert chain.refusal(*call) == Refusal("WrongPhase", (opened.task, Phase.FINISHED))
