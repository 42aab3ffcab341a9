"""Joining a task: stake, key and consent in one transaction, which anybody may send."""

from federation import DEPLOYER, FML, FORTUNE_TELLER, GWEI, ONLOOKER, Chain, Federation, Refusal

from fl_alliance.chain.accounts import NodeKey, authorize_stake
from fl_alliance.chain.messages import fml_domain, stake_nonce
from fl_alliance.chain.types import Phase, Standing
from fl_alliance.chain.vrf import Tag

NEWCOMER = NodeKey.derive(7, 100)


def registering(chain: Chain, **changes: object) -> Federation:
    """Return a task in registration; the newcomer holds FML."""
    chain.fml("transfer", NEWCOMER.address, 100 * FML)
    chain.credited.add(NEWCOMER.address)
    return Federation.create(chain, **changes)


def refused(federation: Federation, *call: object, by: NodeKey = DEPLOYER) -> Refusal:
    return federation.chain.refusal(*call, by=by)  # type: ignore[arg-type]


def test_a_node_without_gas_is_registered_by_anybody(chain: Chain) -> None:
    federation = registering(chain)
    receipt = chain.send(*federation.registration(NEWCOMER, 30 * FML), by=ONLOOKER)
    [member] = federation.members
    assert (member[0].lower(), member[1]) == (NEWCOMER.address.lower(), NEWCOMER.vrf.public_x)
    assert (member[2], member[4], member[5]) == (30 * FML // GWEI, Standing.NONE, False)
    assert chain.balance(NEWCOMER.address) == 70 * FML
    [(_, event)] = chain.events(receipt, "Registered")
    assert (event["amountWei"], event["fromRound"]) == (30 * FML, 0)


def test_a_node_with_gas_registers_itself(chain: Chain) -> None:
    federation = registering(chain)
    chain.fml("transfer", ONLOOKER.address, 20 * FML)
    chain.fml("approve", chain.deployment.alliance, 20 * FML, by=ONLOOKER)
    proof = federation.possession(ONLOOKER).to_solidity()
    chain.send("register", federation.task, ONLOOKER.vrf.public_x, proof, 20 * FML, by=ONLOOKER)
    assert federation.balances == [20 * FML // GWEI]


def test_the_authorisation_binds_task_key_and_amount(chain: Chain) -> None:
    """Whoever carries it can put none of them another way."""
    federation, other_task = registering(chain), Federation.create(chain)
    name, task, node, vrf_x, proof, amount, *rest = federation.registration(NEWCOMER, 30 * FML)
    attacker = FORTUNE_TELLER
    elsewhere = other_task.possession(NEWCOMER).to_solidity()
    assert refused(federation, name, other_task.task, node, vrf_x, elsewhere, amount, *rest).name == (
        "ERC3009InvalidSignature"
    )
    key_of_attacker = attacker.vrf.prove(federation.alpha(Tag.REGISTER, NEWCOMER, 0, bytes(32))).to_solidity()
    stolen = (name, task, node, attacker.vrf.public_x, key_of_attacker, amount, *rest)
    assert refused(federation, *stolen).name == "ERC3009InvalidSignature"
    assert refused(federation, name, task, node, vrf_x, proof, amount - FML, *rest).name == "ERC3009InvalidSignature"
    assert refused(federation, name, task, node, vrf_x, proof, amount, *rest[:-2], b"\1" * 32, rest[-1]).name == (
        "ERC3009InvalidSignature"
    )


def test_an_authorisation_for_another_contract_or_chain_moves_nothing(chain: Chain) -> None:
    federation = registering(chain)
    name, task, node, vrf_x, proof, amount, *rest = federation.registration(NEWCOMER, 30 * FML)
    for domain, to in [
        (fml_domain(1, chain.deployment.fml), chain.deployment.alliance),
        (fml_domain(chain.chain_id, ONLOOKER.address), chain.deployment.alliance),
        (fml_domain(chain.chain_id, chain.deployment.fml), ONLOOKER.address),
    ]:
        signature = authorize_stake(NEWCOMER, domain, to, task, amount, 2**40, bytes(32)).signature
        call = (name, task, node, vrf_x, proof, amount, *rest[:-1], (signature[:32], signature[32:]))
        assert refused(federation, *call).name == "ERC3009InvalidSignature"


def test_nobody_else_can_use_the_authorisation_to_move_the_stake(chain: Chain) -> None:
    """An attacker who takes it from the relayer's transaction cannot lose the stake to the contract."""
    federation = registering(chain)
    _, task, node, vrf_x, _, amount, after, before, salt, (r, vs) = federation.registration(NEWCOMER, 30 * FML)
    nonce, tail = stake_nonce(task, vrf_x, salt), int.from_bytes(vs, "big")
    s = (tail & ~(1 << 255)).to_bytes(32, "big")
    args = (node, chain.deployment.alliance, amount, after, before, nonce, 27 + (tail >> 255), r, s)
    assert chain.refusal("receiveWithAuthorization", *args, by=FORTUNE_TELLER, contract="FML").name == (
        "ERC20InvalidReceiver"
    )


def test_an_authorisation_works_once(chain: Chain) -> None:
    federation = registering(chain)
    call = federation.registration(NEWCOMER, 30 * FML)
    chain.send(*call)
    assert refused(federation, *call) == Refusal("AlreadyRegistered", (federation.task, NEWCOMER.address.lower()))


def test_a_node_that_left_cannot_try_its_luck_with_the_first_seed_again(chain: Chain) -> None:
    federation = registering(chain)
    chain.send(*federation.registration(NEWCOMER, 30 * FML))
    chain.send("leaveTaskWithSignature", federation.task, 0, federation.leave_signature(NEWCOMER))
    again = federation.registration(NEWCOMER, 30 * FML, salt=b"\1" * 32)
    assert refused(federation, *again).name == "AlreadyRegistered"


def test_one_key_serves_one_member(chain: Chain) -> None:
    """A second member with the same key is refused even with a proof of its own: one draw would elect both."""
    federation = registering(chain)
    chain.send(*federation.registration(NEWCOMER, 30 * FML))
    chain.fml("approve", chain.deployment.alliance, 30 * FML)
    proof = NEWCOMER.vrf.prove(federation.alpha(Tag.REGISTER, DEPLOYER, 0, bytes(32))).to_solidity()
    call = ("register", federation.task, NEWCOMER.vrf.public_x, proof, 30 * FML)
    assert refused(federation, *call) == Refusal("KeyTaken", (federation.task, NEWCOMER.vrf.public_x))


def test_a_proof_of_possession_is_not_copied(chain: Chain) -> None:
    """The newcomer's proof, seen in a pending transaction, does not register its key for an attacker."""
    federation = registering(chain)
    chain.fml("approve", chain.deployment.alliance, 30 * FML)
    copied = federation.possession(NEWCOMER).to_solidity()
    assert refused(federation, "register", federation.task, NEWCOMER.vrf.public_x, copied, 30 * FML).name == (
        "VrfProofRejected"
    )


def test_a_proof_for_another_task_is_no_proof(chain: Chain) -> None:
    federation, other = registering(chain), Federation.create(chain)
    call = federation.registration(NEWCOMER, 30 * FML, proof=other.possession(NEWCOMER))
    assert refused(federation, *call).name == "VrfProofRejected"


def test_the_stake_is_bounded_on_both_sides(chain: Chain) -> None:
    federation = registering(chain)
    least, most = federation.params.min_stake_gwei, chain.read("MAX_BALANCE_GWEI")
    low = federation.registration(NEWCOMER, (least - 1) * GWEI)
    assert refused(federation, *low) == Refusal("StakeTooLow", (least - 1, least))
    high = federation.registration(NEWCOMER, (most + 1) * GWEI)
    assert refused(federation, *high) == Refusal("StakeTooHigh", (most + 1, most))
    chain.send(*federation.registration(NEWCOMER, least * GWEI))
    chain.fml("transfer", FORTUNE_TELLER.address, most * GWEI)
    chain.send(*federation.registration(FORTUNE_TELLER, most * GWEI))
    assert federation.balances == [least, most]


def test_a_stake_is_whole_gwei(chain: Chain) -> None:
    federation = registering(chain)
    assert refused(federation, *federation.registration(NEWCOMER, 30 * FML + 1)).name == "NotWholeGwei"


def test_a_stake_that_is_not_there_registers_nobody(chain: Chain) -> None:
    federation = registering(chain)
    assert refused(federation, *federation.registration(NEWCOMER, 101 * FML)).name == "ERC20InsufficientBalance"


def test_who_registers_while_a_round_runs_waits_two_rounds(chain: Chain, started: Federation) -> None:
    """So the newcomer's chance is drawn by a seed that nobody knew when it chose its key."""
    chain.fml("transfer", NEWCOMER.address, 100 * FML)
    started.open()
    receipt = chain.send(*started.registration(NEWCOMER, 30 * FML))
    [(_, event)] = chain.events(receipt, "Registered")
    assert event["fromRound"] == 3
    assert (started.state["members"], started.state["queued"]) == (8, 30 * FML // GWEI)
    started.propose()
    votes = dict.fromkeys(started.draw(), (1, 1))
    started.commit(votes)
    started.settle(started.records(votes))
    started.play()
    assert started.state["members"] == 8
    started.keys.append(NEWCOMER)
    started.open()
    assert started.round == 3
    assert (started.state["members"], started.state["queued"]) == (9, 0)
    assert started.members[8][3] == 3


def test_a_newcomer_takes_part_like_anybody(chain: Chain, started: Federation) -> None:
    chain.fml("transfer", NEWCOMER.address, 2_000 * FML)
    chain.send(*started.registration(NEWCOMER, 2_000 * FML))
    started.play()
    started.play()
    started.keys.append(NEWCOMER)
    played = [started.play()["outcome"].name for _ in range(3)]
    assert played == ["ACCEPTED"] * 3
    assert started.balances[8] > 2_000 * FML // GWEI


def test_nobody_joins_a_finished_task(chain: Chain, started: Federation) -> None:
    started.finish_by_abandoning()
    assert refused(started, *started.registration(NEWCOMER, 30 * FML)) == Refusal(
        "WrongPhase", (started.task, Phase.FINISHED)
    )
