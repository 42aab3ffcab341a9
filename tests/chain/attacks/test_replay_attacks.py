"""Using a message, a proof or a payment a second time: in another round, task, or transaction, or from within one."""

from dataclasses import replace

import pytest
from federation import ACCEPT, CANDIDATE, DEPLOYER, FML, MOTION, ONLOOKER, PREVIOUS, REJECT, Chain, Federation, Refusal

from fl_alliance.chain import artifacts
from fl_alliance.chain.codec import constructor, interface
from fl_alliance.chain.deploy import Contract
from fl_alliance.chain.errors import RequestRefused
from fl_alliance.chain.rules.words import address_bytes, keccak
from fl_alliance.chain.vrf import Tag


def test_a_round_pays_once(chain: Chain, drawn: Federation) -> None:
    votes = dict.fromkeys(drawn.drawn_voters, ACCEPT)
    drawn.commit(votes)
    settle = ("settle", drawn.task, PREVIOUS, CANDIDATE, drawn.records(votes))
    assert chain.refusal("multicall", [chain.encode(*settle)] * 2).name == "WrongPhase"
    chain.send(*settle)
    assert chain.refusal(*settle).name == "WrongPhase"
    drawn.open()
    assert chain.refusal(*settle).name == "WrongPhase"


def test_proposals_and_votes_of_a_round_say_nothing_in_the_next(chain: Chain, started: Federation) -> None:
    """Nor does its list: a member drawn in both is not spoken for by what it signed before."""
    for _ in range(6):
        first = started.open()
        old_proposals = {member: started.proposal(member) for member in first}
        started.propose()
        old_votes = {voter: started.record(voter) for voter in started.draw()}
        started.commit(started.ballots([ACCEPT] * 3))
        started.settle(b"".join(old_votes[voter] for voter in sorted(old_votes)))
        again = [member for member in started.open() if member in old_proposals]
        for member in again:
            refusal = chain.refusal("propose", started.task, old_proposals[member])
            assert refusal == Refusal("BadSignature", (member,))
        started.propose()
        twice = [voter for voter in started.draw() if voter in old_votes]
        started.commit(started.ballots([ACCEPT] * 3))
        for voter in twice:
            replayed = b"".join(
                old_votes[member] if member == voter else started.bare(member) for member in started.drawn_voters
            )
            assert chain.refusal("revealVotes", started.task, MOTION, replayed) == Refusal("BadSignature", (voter,))
        if again and twice:
            return
        started.settle(started.records(started.ballots([ACCEPT] * 3)))
    pytest.fail("nobody was drawn twice in the same role")


def test_what_is_signed_in_one_task_says_nothing_in_another(chain: Chain, started: Federation) -> None:
    other = Federation.create(chain)
    for key in started.keys:
        chain.fml("transfer", key.address, 60 * FML)
        chain.send(*other.registration(key, 60 * FML))
    other.keys = list(started.keys)
    chain.send("start", other.task)
    started.open()
    other.open()
    member = next(iter(set(started.drawn_proposers) & set(other.drawn_proposers)))
    record = started.proposal(member)
    assert chain.refusal("propose", other.task, record) == Refusal("BadSignature", (member,))
    signature = started.leave_signature(started.keys[member])
    assert chain.refusal("leaveTaskWithSignature", other.task, member, signature).name in ("NotMember", "BadSignature")
    proof = started.proof(Tag.VOTERS, member=member)
    assert chain.refusal("drawVoters", other.task, proof.to_solidity()).name in ("WrongPhase", "VrfProofRejected")


def test_equivocation_is_slashed_once(chain: Chain, drawn: Federation) -> None:
    member = drawn.drawn_voters[0]
    said = [keccak(drawn.vote(member, scores)) for scores in (ACCEPT, REJECT)]
    signatures = [drawn.commitment(member, commitment=one) for one in said]
    call = ("slashEquivocation", drawn.task, (1, member, 1, MOTION, *said, *signatures))
    chain.send(*call, by=ONLOOKER)
    assert chain.refusal(*call, by=ONLOOKER) == Refusal("NothingThere", ())


def test_nobody_equivocates_by_saying_one_thing_twice_or_two_things_on_two_matters(
    chain: Chain, drawn: Federation
) -> None:
    """Votes on two candidates of one round, or proposals of two rounds, are no contradiction."""
    member = drawn.drawn_voters[0]
    commitment, other = keccak(drawn.vote(member)), keccak(b"another candidate")
    mine, elsewhere = drawn.commitment(member), drawn.commitment(member, motion=other)
    same = (1, member, 1, MOTION, commitment, commitment, mine, mine)
    assert chain.refusal("slashEquivocation", drawn.task, same) == Refusal("SameStatement", (member,))
    different = keccak(b"another vote")
    for second in (elsewhere, drawn.commitment(member, round=2, commitment=different)):
        two = (1, member, 1, MOTION, commitment, different, mine, second)
        assert chain.refusal("slashEquivocation", drawn.task, two) == Refusal("BadSignature", (member,))


def test_balance_pool_and_credit_are_paid_out_once(chain: Chain, started: Federation) -> None:
    started.finish_by_abandoning()
    for call in (("withdraw", started.task, 3), ("withdrawPool", started.task)):
        twice = [chain.encode(*call)] * 2
        assert chain.refusal("multicall", twice) == Refusal("NothingThere", ())
        chain.send(*call, by=ONLOOKER)
        assert chain.refusal(*call) == Refusal("NothingThere", ())
    assert chain.balance(started.keys[3].address) == 60 * FML


def test_a_stake_waiting_in_the_queue_is_paid_out_once(chain: Chain, started: Federation) -> None:
    (late,) = started.join(30, first=60)
    started.finish_by_abandoning()
    chain.send("withdrawQueued", started.task, 0, by=ONLOOKER)
    assert chain.balance(late.address) == 30 * FML
    assert chain.refusal("withdrawQueued", started.task, 0) == Refusal("NothingThere", ())
    assert chain.refusal("withdraw", started.task, 8).name == "NothingThere"


def test_a_token_that_calls_back_is_paid_once(chain: Chain) -> None:
    """Balances are cleared before anything is sent: withdrawing again from within the payment finds nothing."""
    robbed = chain_with_hostile_token(chain)
    federation = Federation.create(robbed)
    federation.join(60)
    robbed.wait_until(robbed.now + 3_600)
    robbed.send("cancel", federation.task)
    receipt = robbed.send("withdraw", federation.task, 0, by=ONLOOKER)
    assert len(robbed.events(receipt, "Withdrawn")) == 1
    assert robbed.read("members", federation.task)[0][2] == 0
    tried = robbed.rpc("eth_getStorageAt", robbed.deployment.fml, "0x0", "latest")
    assert int(tried, 16) == 1, "the token's call was made, and refused"


def chain_with_hostile_token(chain: Chain) -> Chain:
    """Return the chain with an Alliance whose token says "true", names no brake and, paid with, withdraws once more."""
    again = interface("Alliance").functions["withdraw"].encode((1, 0))
    words = [(at, again[at : at + 32].ljust(32, b"\0")) for at in range(0, len(again), 32)]
    attack = b"".join(bytes([0x7F]) + word + bytes([0x60, at, 0x52]) for at, word in words)
    # the call: no answer wanted, the data above, no value, to whoever called; 1 + whether it succeeded goes to slot 0
    attack += bytes.fromhex("5f5f60") + bytes([len(again)]) + bytes.fromhex("5f5f335af16001015f55")
    # if the selector is brake's, return 0
    calm = bytes.fromhex("5f3560e01c63") + interface("FML").functions["brake"].selector
    calm += bytes.fromhex("141560135760205ff35b")
    # if the selector is transfer's, run the attack; then return 1
    test = bytes.fromhex("5f3560e01c63a9059cbb1415")
    head = test + bytes([0x60, len(calm) + len(test) + 3 + len(attack), 0x57])
    code = calm + head + attack + bytes.fromhex("5b60015f5260205ff3")
    init = bytes([0x60, len(code), 0x80, 0x60, 0x09, 0x5F, 0x39, 0x5F, 0xF3]) + code
    token = chain.send_raw(None, init, DEPLOYER, "a hostile token").contract
    assert token is not None
    artifact, contracts = artifacts.load("Alliance"), dict(chain.deployment.contracts)
    linked = artifact.bytecode.removeprefix("0x")
    for unit in artifact.link_references.values():
        for library, places in unit.items():
            for place in places:
                start = 2 * place["start"]
                address = address_bytes(contracts[library].address).hex()
                linked = linked[:start] + address + linked[start + 40 :]
    creation = bytes.fromhex(linked) + constructor("Alliance", (token,))
    alliance = chain.send_raw(None, creation, DEPLOYER, "an Alliance").contract
    assert alliance is not None
    contracts |= {"FML": Contract(token, ""), "Alliance": Contract(alliance, "")}
    return Chain(chain.w3, replace(chain.deployment, contracts=contracts))


def test_nothing_happens_out_of_the_sight_of_who_reads_the_calldata(chain: Chain, started: Federation) -> None:
    """The audit follows the chain by what is sent to the contract: another contract does not send it anything."""
    code = bytes.fromhex("365f5f375f5f365f5f73") + address_bytes(chain.deployment.alliance) + bytes.fromhex("5af1")
    # where the call fails, fail with its answer
    code += bytes([0x60, len(code) + 10]) + bytes.fromhex("573d5f5f3e3d5ffd5b00")
    init = bytes([0x60, len(code), 0x80, 0x60, 0x09, 0x5F, 0x39, 0x5F, 0xF3]) + code
    forwarder = chain.send_raw(None, init, ONLOOKER, "a forwarder").contract
    request = {"from": ONLOOKER.address, "to": forwarder, "data": "0x" + chain.encode(*started.open_call()).hex()}
    with pytest.raises(RequestRefused) as refused:
        chain.rpc("eth_call", request | {"gas": hex(2_000_000)}, "latest")
    assert interface("Alliance").errors[refused.value.data[:4]].name == "NotDirect"
