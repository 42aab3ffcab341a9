"""A DAO in which everything happens at least once that an audit has to recount."""

from assembly import LARGE, LOCKED, PROPOSER, RIVAL, SMALL, STRANGER, TERMS, Assembly

from fl_alliance.chain import artifacts
from fl_alliance.chain.accounts import NodeKey
from fl_alliance.chain.codec import constructor, interface
from fl_alliance.chain.dao import Appearance, Call, Proposal, Support
from fl_alliance.chain.deploy import BRAKE, DAO, EMISSION, GAUGES, TIMELOCK, TOKEN, TREASURY, VOTES
from fl_alliance.chain.rules.proposals import LAPSE_S
from fl_alliance.chain.rules.words import hash_words, keccak
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.types import WEI_PER_FML
from fl_alliance.governance.actions import Actions

_BALLOT = keccak(b"Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)")
_EXTENDED = keccak(
    b"ExtendedBallot(uint256 proposalId,uint8 support,address voter,uint256 nonce,string reason,bytes params)"
)
_DOMAIN = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")


def play_dao(dao: Assembly) -> None:
    """What passes, what is condemned, taken back, missed, outvoted and forgotten; terms, premises and the treasury."""
    _contested(dao)
    _lost(dao)
    _forgotten(dao)
    _terms(dao)
    _bystanders(dao)


def execute_by_contract(dao: Assembly, proposal: Proposal) -> None:
    """Make a proposal's calls by a contract, whose own calls are in no calldata."""
    forwarder = bytes.fromhex(artifacts.load("Forwarder").bytecode.removeprefix("0x"))
    sender, target = Sender(dao.w3, STRANGER), dao.deployment.address(DAO)
    made = sender.send(None, forwarder + constructor("Forwarder", (target,)), 1_000_000, "deploy Forwarder")
    assert made.contract is not None
    lists = [
        [call.target for call in proposal.calls],
        [0] * len(proposal.calls),
        [call.data for call in proposal.calls],
    ]
    data = interface(DAO).functions["execute"].encode((*lists, proposal.description_hash))
    sender.send(made.contract, data, 5_000_000, "execute")


def vote_by_signature(dao: Assembly, proposal: Proposal, key: NodeKey, support: Support) -> None:
    """Cast a holder's vote that somebody else sends."""
    ballot = hash_words(_BALLOT, proposal.number, int(support), key.address, 0)
    signature = _signed(dao, key, ballot)
    dao.bound(DAO).send(400_000, "castVoteBySig", proposal.number, support, key.address, signature)


def vote_at_length_by_signature(dao: Assembly, proposal: Proposal, key: NodeKey, support: Support) -> None:
    """The same, with a reason and parameters, which count for nothing."""
    reason, params = "as said", b"\x02"
    ballot = (proposal.number, int(support), key.address)
    digest = hash_words(_EXTENDED, *ballot, 0, keccak(reason.encode()), keccak(params))
    signature = _signed(dao, key, digest)
    dao.bound(DAO).send(400_000, "castVoteWithReasonAndParamsBySig", *ballot, reason, params, signature)


def propose_bytes(dao: Assembly, key: NodeKey, call: Call, text: bytes) -> Proposal:
    """Propose with a description that is no text: the Governor takes any bytes."""
    dao.bound(TOKEN, key).send(200_000, "approve", dao.deployment.address(DAO), TERMS.stake_wei)
    function = interface(DAO).functions["propose"].with_bytes()
    data = function.encode(([call.target], [0], [call.data], text))
    Sender(dao.w3, key).send(dao.deployment.address(DAO), data, 2_000_000, "propose")
    return dao.view.proposals()[-1]


def _signed(dao: Assembly, key: NodeKey, ballot: bytes) -> bytes:
    """Return a holder's signature of a ballot (EIP-712), 65 bytes."""
    address = dao.deployment.address(DAO)
    domain = hash_words(_DOMAIN, keccak(b"FL Alliance DAO"), keccak(b"1"), dao.deployment.chain_id, address)
    compact = key.sign_digest(keccak(b"\x19\x01" + domain + ballot))
    tail = int.from_bytes(compact[32:], "big")
    return compact[:32] + (tail & (1 << 255) - 1).to_bytes(32, "big") + bytes([27 + (tail >> 255)])


def _contested(dao: Assembly) -> None:
    """Flags of a few, a quorum and a turn in the last minute, every way to vote, calls of all kinds."""
    fml = dao.deployment.fml
    calls = [
        *Actions(dao.rpc, dao.deployment).set(["dao.stake=9000", "market.host_bps=6000", "arena.paid_nodes=60"]),
        dao.call(
            EMISSION, "multicall", [dao.call(EMISSION, "lower", 9_000).data, dao.call(EMISSION, "setPower", 1).data]
        ),
        dao.call(TREASURY, "spend", fml, dao.deployment.address(GAUGES), 7),
        dao.call(TREASURY, "spend", fml, dao.deployment.address(TIMELOCK), 9),
        Call(fml, interface(TOKEN).functions["transfer"].encode((SMALL.address, 4))),
        Call(SMALL.address, b"\x01\x02\x03\x04", 0),
    ]
    assert sum(call.data[:4] == interface(DAO).functions["requireAnswer"].selector for call in calls) == 3
    dao.by(RIVAL).votes.delegate(STRANGER.address)
    dao.by(SMALL).votes.request_unlock(1_000 * WEI_PER_FML)
    dao.wait(60)
    proposal = dao.propose(*calls, text="Much at once")
    dao.by(STRANGER).appear(proposal.number, Appearance.FRIVOLOUS)
    dao.by(SMALL).appear(proposal.number, Appearance.SCAM)
    dao.by(LARGE).appear(proposal.number, Appearance.PRESENT)
    dao.by(RIVAL).votes.delegate(RIVAL.address)
    dao.wait(TERMS.review_s)
    bound = dao.bound(DAO, SMALL)
    bound.send(400_000, "castVoteWithReason", proposal.number, Support.AGAINST, "too much")
    vote_at_length_by_signature(dao, proposal, PROPOSER, Support.ABSTAIN)
    dao.wait(TERMS.vote_s - 60)
    vote_by_signature(dao, proposal, RIVAL, Support.ABSTAIN)
    dao.wait(60)
    dao.bound(DAO, STRANGER).send(400_000, "castVote", proposal.number, Support.FOR)
    dao.wait(dao.view.vote_ends_at(proposal.number) - dao.rpc.second() - 60)
    params = ("castVoteWithReasonAndParams", proposal.number, Support.FOR, "after all", b"\x01")
    dao.bound(DAO, LARGE).send(400_000, *params)
    dao.wait(dao.view.vote_ends_at(proposal.number) - dao.rpc.second() + 1)
    dao.lock(proposal)
    dao.by(STRANGER).execute(proposal)
    dao.by(STRANGER).settle_stake(proposal.number)


def _lost(dao: Assembly) -> None:
    """A scam, a proposal that its author takes back, one that too few came for, and one that most were against."""
    scam = dao.propose(dao.call(TREASURY, "spend", dao.deployment.fml, PROPOSER.address, 1), text="Nothing to see")
    dao.by(RIVAL).appear(scam.number, Appearance.SCAM)
    dao.by(SMALL).appear(scam.number, Appearance.FRIVOLOUS)
    back = dao.propose(text="A slip", by=RIVAL)
    dao.by(RIVAL).cancel(back)
    missed = propose_bytes(dao, SMALL, dao.call(EMISSION, "lower", 5_000), b"Who\xff cares \xc3(")
    dao.by(PROPOSER).appear(missed.number, Appearance.PRESENT)
    outvoted = dao.propose(text="A minority's", by=LARGE)
    dao.by(LARGE).appear(outvoted.number, Appearance.PRESENT)
    dao.wait(TERMS.review_s)
    dao.by(RIVAL).vote(outvoted.number, Support.FOR)
    dao.by(LARGE).vote(outvoted.number, Support.AGAINST)
    dao.wait(TERMS.vote_s)
    for proposal in (scam, back, missed, outvoted):
        dao.by(STRANGER).settle_stake(proposal.number)


def _forgotten(dao: Assembly) -> None:
    """One that passed and nobody queued, one that nobody executed."""
    unqueued, waiting = dao.propose(text="Not queued"), dao.propose(text="Not executed", by=RIVAL)
    dao.decide(unqueued, waiting)
    dao.lock(waiting)
    dao.wait(LAPSE_S + TERMS.delay_s)
    for proposal in (unqueued, waiting):
        dao.by(STRANGER).settle_stake(proposal.number)


def _terms(dao: Assembly) -> None:
    """Everything that says how the DAO decides is set, by a contract that executes; the treasury runs dry."""
    dao.fml.transfer(dao.deployment.address(DAO), 11)
    relayed = interface(TOKEN).functions["transfer"].encode((LARGE.address, 5))
    proposal = dao.propose(
        dao.call(DAO, "setVotingDelay", TERMS.review_s + 60),
        dao.call(DAO, "setVotingPeriod", TERMS.vote_s + 60),
        dao.call(DAO, "setLateQuorumVoteExtension", TERMS.late_s + 60),
        dao.call(DAO, "setProposalThreshold", 0),
        dao.call(DAO, "updateQuorumNumerator", 25),
        dao.call(DAO, "relay", dao.deployment.fml, 0, relayed),
        dao.call(TIMELOCK, "updateDelay", TERMS.delay_s + 60),
        dao.call(VOTES, "setUnlockDelay", 0),
        dao.call(BRAKE, "setGuardian", SMALL.address),
        dao.call(EMISSION, "grantRole", keccak(b"GAUGE_ROLE"), LARGE.address),
        text="By a contract",
    )
    dao.decide(proposal)
    dao.lock(proposal)
    execute_by_contract(dao, proposal)
    dao.by(STRANGER).settle_stake(proposal.number)


def _bystanders(dao: Assembly) -> None:
    """One in review and one in its meeting as the chain ends; coin for the time lock; votes that go."""
    Sender(dao.w3, STRANGER).send(dao.deployment.address(TIMELOCK), b"", 50_000, "coin", 5)
    meeting = dao.propose(text="In its meeting")
    dao.by(LARGE).appear(meeting.number, Appearance.PRESENT)
    dao.wait(TERMS.review_s + 120)
    dao.by(RIVAL).votes.lock(3 * WEI_PER_FML)  # too late for this meeting
    dao.by(RIVAL).vote(meeting.number, Support.FOR)
    dao.by(RIVAL).votes.request_unlock(LOCKED[RIVAL.address] * WEI_PER_FML)
    dao.propose(text="In review", by=SMALL)
