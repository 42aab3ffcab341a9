"""Signed proposals: whose, for what, once."""

import pytest
from federation import ONLOOKER, Chain, Federation, Refusal

from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.types import Phase, Standing


@pytest.fixture
def opened(started: Federation) -> Federation:
    started.open()
    return started


def propose(federation: Federation, *records: bytes) -> tuple[object, ...]:
    return ("propose", federation.task, b"".join(records))


def test_a_batch_records_every_proposer(opened: Federation) -> None:
    proposers = opened.drawn_proposers
    opened.propose()
    assert opened.standing_as(Standing.PROPOSED) == proposers
    assert opened.phase is Phase.LOCKED


def test_anybody_submits_a_proposal_that_the_relayer_omits(opened: Federation) -> None:
    omitted, *others = opened.drawn_proposers
    opened.propose(others)
    opened.propose([omitted], by=ONLOOKER)
    assert opened.standing_as(Standing.PROPOSED) == sorted([omitted, *others])


def test_records_come_in_any_order(opened: Federation) -> None:
    opened.propose(reversed(opened.drawn_proposers))
    assert len(opened.standing_as(Standing.PROPOSED)) == 3


def test_a_member_counts_once_however_often_it_is_submitted(chain: Chain, opened: Federation) -> None:
    """A proposal that somebody submitted first does not spoil the relayer's batch."""
    first, *_ = opened.drawn_proposers
    record = opened.proposal(first)
    chain.send(*propose(opened, record, record), by=ONLOOKER)
    chain.send(*propose(opened, opened.proposal(first, b"\1" * 32)), by=ONLOOKER)
    opened.propose()
    assert len(opened.standing_as(Standing.PROPOSED)) == 3


def test_who_is_not_drawn_proposes_nothing(chain: Chain, opened: Federation) -> None:
    outsider = next(member for member in range(8) if member not in opened.drawn_proposers)
    call = propose(opened, opened.proposal(outsider))
    assert chain.refusal(*call) == Refusal("WrongStanding", (outsider, Standing.NONE))


@pytest.mark.parametrize("what", ["key", "task", "round", "chain", "contract", "update"])
def test_a_proposal_signed_for_anything_else_is_refused_by_member(chain: Chain, opened: Federation, what: str) -> None:
    """Forged, replayed from another task, round, chain or contract, or altered on its way."""
    member, *rest = opened.drawn_proposers
    wrong = {
        "key": {"key": NodeKey.derive(7, 999)},
        "task": {"task": opened.task + 1},
        "round": {"round": 2},
        "chain": {"domain": Domain(1, chain.deployment.alliance)},
        "contract": {"domain": Domain(chain.chain_id, ONLOOKER.address)},
        "update": {},
    }[what]
    forged = bytearray(opened.proposal(member, **wrong))
    if what == "update":
        forged[2] ^= 1
    honest = [opened.proposal(other) for other in rest]
    assert chain.refusal(*propose(opened, *honest, bytes(forged))) == Refusal("BadSignature", (member,))
    assert opened.standing_as(Standing.PROPOSED) == []


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64, b"\1" * 32 + bytes(32)])
def test_a_signature_of_nobody_is_nobodys(chain: Chain, opened: Federation, signature: bytes) -> None:
    """`ecrecover` answers such a signature with address zero, which must not pass for a member."""
    member = opened.drawn_proposers[0]
    record = opened.proposal(member)[:34] + signature
    assert chain.refusal(*propose(opened, record)) == Refusal("BadSignature", (member,))


def test_a_relayer_cannot_put_one_proposers_update_under_anothers_name(chain: Chain, opened: Federation) -> None:
    first, second, _ = opened.drawn_proposers
    stolen = second.to_bytes(2, "big") + opened.proposal(first)[2:]
    assert chain.refusal(*propose(opened, stolen)) == Refusal("BadSignature", (second,))


def test_a_batch_that_does_not_divide_is_refused(chain: Chain, opened: Federation) -> None:
    record = opened.proposal(opened.drawn_proposers[0])
    for batch in [b"", record[:-1], record + b"\0"]:
        assert chain.refusal("propose", opened.task, batch) == Refusal("BadBatch", (len(batch),))


@pytest.mark.parametrize("member", [8, 255, 65_535])
def test_a_record_of_a_member_that_does_not_exist_is_refused(chain: Chain, opened: Federation, member: int) -> None:
    record = member.to_bytes(2, "big") + opened.proposal(opened.drawn_proposers[0])[2:]
    assert chain.refusal(*propose(opened, record)) == Refusal("BadBatch", (98,))


def test_proposals_close_with_the_deadline(chain: Chain, opened: Federation) -> None:
    call = propose(opened, opened.proposal(opened.drawn_proposers[0]))
    deadline = opened.state["phase_at"]
    chain.wait_until(deadline - 1)
    chain.rpc("evm_setNextBlockTimestamp", deadline - 1 + 1)
    chain.rpc("evm_mine")
    assert chain.refusal(*call) == Refusal("TooLate", (opened.task, deadline, deadline))
    assert opened.phase is Phase.LOCKED


def test_the_last_second_before_the_deadline_is_in_time(chain: Chain, opened: Federation) -> None:
    deadline = opened.state["phase_at"]
    chain.wait_until(deadline - 2)
    chain.rpc("evm_setNextBlockTimestamp", deadline - 1)
    opened.propose()
    assert chain.now == deadline - 1
    assert len(opened.standing_as(Standing.PROPOSED)) == 3


def test_before_a_round_there_is_nothing_to_propose(chain: Chain, started: Federation) -> None:
    assert chain.refusal("propose", started.task, bytes(98)) == Refusal("WrongPhase", (started.task, Phase.IDLE))
