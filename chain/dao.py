"""The DAO on a chain: proposals as anybody reads them, and what a holder of FML does.

The contracts are `Dao.sol` (OpenZeppelin's Governor with `Reviews.sol`), `VoteLock.sol` and `Timelock.sol`.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from fl_alliance.chain.bound import BoundContract, ContractReader
from fl_alliance.chain.codec import interface
from fl_alliance.chain.deploy import DAO, TOKEN, VOTES, Deployment
from fl_alliance.chain.messages import checksum
from fl_alliance.chain.refusals import ERC20InsufficientAllowance
from fl_alliance.chain.rpc import Rpc
from fl_alliance.chain.rules.proposals import RESERVED, ReviewTerms
from fl_alliance.chain.rules.words import keccak
from fl_alliance.chain.sender import Receipt, Sender, read_log
from fl_alliance.chain.stages import Appearance as Appearance  # the DAO's callers take it from here
from fl_alliance.chain.stages import Stage

_GAS = 400_000
_PROPOSE_GAS, _EXECUTE_GAS = 2_000_000, 12_000_000
_CREATED = "ProposalCreated"


class Support(IntEnum):
    """How a holder votes in the general meeting."""

    AGAINST = 0
    FOR = 1
    ABSTAIN = 2


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a proposal makes once it is executed: to whom, with which calldata and how many wei of coin."""

    target: str
    data: bytes
    value_wei: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as it was made.

    Attributes
    ----------
    number : int
        The Governor's id: a hash of calls and description.
    description : str
        Without the words that reserve it for its author; what is not UTF-8 in it is replaced.
    description_hash : bytes
        keccak256 of its bytes, by which the Governor knows it.
    review_ends_at, vote_ends_at : int
        Seconds; a quorum that is reached late moves the second.
    """

    number: int
    proposer: str
    calls: tuple[Call, ...]
    description: str
    description_hash: bytes
    review_ends_at: int
    vote_ends_at: int


@dataclass(frozen=True, slots=True)
class Review:
    """A proposal's review: votes that appeared, in wei of locked FML, of all that there were at second `counted_at`."""

    counted_at: int
    is_settled: bool
    presence_bps: int
    flag_bps: int
    floor_wei: int
    stake_wei: int
    reward_wei: int
    scam_wei: int
    frivolous_wei: int
    present_wei: int


@dataclass(frozen=True, slots=True)
class Tally:
    """Votes of a general meeting, in wei of locked FML."""

    against_wei: int
    for_wei: int
    abstain_wei: int


class DaoView:
    """The DAO, to be read without an account.

    Parameters
    ----------
    rpc : Rpc
        Its chain.
    deployment : Deployment
        Its contracts.

    Raises
    ------
    ContractMissing
        The deployment has no DAO.
    """

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        self.rpc, self._deployment = rpc, deployment
        self._dao = ContractReader(rpc, DAO, deployment.address(DAO))
        self._votes = ContractReader(rpc, VOTES, deployment.address(VOTES))

    def proposals(self) -> tuple[Proposal, ...]:
        """Return every proposal, in the order in which they were made."""
        event = interface(DAO).event(_CREATED).with_bytes()
        where = {"address": self._dao.address, "topics": ["0x" + event.topic.hex()]}
        found = self.rpc("eth_getLogs", where | {"fromBlock": hex(self._deployment.block), "toBlock": "latest"})
        return tuple(_proposal(event.values(log.topics, log.data)) for log in map(read_log, found))

    def proposal(self, number: int) -> Proposal:
        """Return one proposal; raises `GovernorNonexistentProposal`."""
        self.stage(number)
        return next(proposal for proposal in self.proposals() if proposal.number == number)

    def stage(self, number: int) -> Stage:
        """Return where a proposal is; raises `GovernorNonexistentProposal`."""
        return Stage(self._dao.read("state", number))

    def review(self, number: int) -> Review:
        """Return a proposal's review."""
        return Review(*self._dao.read("reviewOf", number))

    def flags_until(self, number: int) -> int:
        """Return the second before which a proposal can be flagged."""
        return int(self._dao.read("flagsUntil", number))

    def is_condemned(self, number: int) -> bool:
        """Return whether flags have condemned a proposal, as far as its review has come."""
        return bool(self._dao.read("isCondemned", number))

    def appearance(self, number: int, holder: str) -> Appearance:
        """Return how a holder has appeared in a review."""
        return Appearance(self._dao.read("appearanceOf", number, holder))

    def tally(self, number: int) -> Tally:
        """Return the votes of a proposal's general meeting."""
        return Tally(*self._dao.read("proposalVotes", number))

    def has_voted(self, number: int, holder: str) -> bool:
        """Return whether a holder has voted."""
        return bool(self._dao.read("hasVoted", number, holder))

    def vote_ends_at(self, number: int) -> int:
        """Return the second at which a proposal's general meeting ends, or ended."""
        return int(self._dao.read("proposalDeadline", number))

    def quorum_wei(self, second: int) -> int:
        """Return the votes that a general meeting takes whose votes are counted as of a past second."""
        return int(self._dao.read("quorum", second))

    def executable_at(self, number: int) -> int:
        """Return the second from which a queued proposal can be executed, 0 where it is not queued."""
        return int(self._dao.read("proposalEta", number))

    def terms(self) -> ReviewTerms:
        """Return the terms of the next proposal's review."""
        return ReviewTerms(*self._dao.read("reviewTerms"))

    def votes_wei(self, holder: str, second: int) -> int:
        """Return a holder's votes as of a past second."""
        return int(self._votes.read("getPastVotes", holder, second))

    def all_votes_wei(self, second: int) -> int:
        """Return all votes as of a past second."""
        return int(self._votes.read("getPastTotalSupply", second))


class DaoMember(DaoView):
    """The DAO as one account takes part in it.

    Parameters
    ----------
    sender : Sender
        The account, which pays for what it sends.
    deployment : Deployment
        As for `DaoView`.
    """

    def __init__(self, sender: Sender, deployment: Deployment) -> None:
        super().__init__(sender.rpc, deployment)
        self.me = sender.address
        self._fml = BoundContract(sender, TOKEN, deployment.fml)
        self._bound = BoundContract(sender, DAO, deployment.address(DAO))
        self.votes = VoteLock(sender, deployment)

    def require_proposable(self, calls: Sequence[Call], description: str) -> None:
        """Refuse what `propose` would be refused for, before anything is signed; raises what it raises."""
        with suppress(ERC20InsufficientAllowance):  # the allowance comes with it
            self._bound.require("propose", *_lists(calls), reserved(description, self.me))

    def require_executable(self, proposal: Proposal) -> None:
        """Refuse what `execute` would be refused for, before anything is signed; raises what it raises."""
        self._bound.require("execute", *_lists(proposal.calls), proposal.description_hash)

    def propose(self, calls: Sequence[Call], description: str) -> int:
        """Propose, with the stake and the allowance that it takes, and return the proposal's number.

        The description is reserved for this account: who copies it from a waiting transaction is refused.

        Raises
        ------
        AlreadyProposing, ERC20InsufficientBalance, GovernorInvalidProposalLength, GovernorUnexpectedProposalState
            The last where the same was proposed before.
        """
        stake_wei = self.terms().stake_wei
        if stake_wei:
            self._fml.send(_GAS, "approve", self._bound.address, stake_wei)
        receipt = self._bound.send(_PROPOSE_GAS, "propose", *_lists(calls), reserved(description, self.me))
        return int(self._bound.events(receipt, _CREATED)[0]["proposalId"])

    def appear(self, number: int, appearance: Appearance) -> Receipt:
        """Sign in to a review, or flag the proposal.

        Raises
        ------
        AlreadyAppeared, FlagsClosed, NoVotes, GovernorUnexpectedProposalState
        """
        return self._bound.send(_GAS, "appear", number, appearance)

    def vote(self, number: int, support: Support) -> Receipt:
        """Vote in a general meeting; raises `GovernorAlreadyCastVote`, `GovernorUnexpectedProposalState`."""
        return self._bound.send(_GAS, "castVote", number, support)

    def queue(self, proposal: Proposal) -> Receipt:
        """Put a proposal that has passed into the time lock; raises `GovernorUnexpectedProposalState`."""
        return self._bound.send(_EXECUTE_GAS, "queue", *_lists(proposal.calls), proposal.description_hash)

    def execute(self, proposal: Proposal) -> Receipt:
        """Make a proposal's calls.

        Raises
        ------
        GovernorUnexpectedProposalState, PremiseChanged
        Refused
            What the calls raise.
        """
        return self._bound.send(_EXECUTE_GAS, "execute", *_lists(proposal.calls), proposal.description_hash)

    def cancel(self, proposal: Proposal) -> Receipt:
        """Take a proposal of one's own back in its review; raises `GovernorUnableToCancel`."""
        return self._bound.send(_GAS, "cancel", *_lists(proposal.calls), proposal.description_hash)

    def settle_stake(self, number: int) -> int:
        """Send a decided proposal's stake where it belongs; raises `NotSettleable`.

        Returns
        -------
        int
            The reward that the treasury has paid, in wei: as far as it has one.
        """
        receipt = self._bound.send(_GAS, "settleStake", number)
        return int(self._bound.events(receipt, "StakeSettled")[0]["rewardWei"])


class VoteLock:
    """FML that an account has locked to vote.

    Parameters
    ----------
    sender, deployment : Sender, Deployment
        As for `DaoMember`.
    """

    def __init__(self, sender: Sender, deployment: Deployment) -> None:
        self._lock = BoundContract(sender, VOTES, deployment.address(VOTES))
        self._fml = BoundContract(sender, TOKEN, deployment.fml)
        self.me = sender.address

    def lock(self, amount_wei: int) -> Receipt:
        """Lock FML, with the allowance it takes; raises `BadAmount`, `ERC20InsufficientBalance`."""
        self._fml.send(_GAS, "approve", self._lock.address, amount_wei)
        return self._lock.send(_GAS, "lock", amount_wei)

    def request_unlock(self, amount_wei: int) -> Receipt:
        """Ask locked FML back, with which one votes no more; raises `BadAmount`."""
        return self._lock.send(_GAS, "requestUnlock", amount_wei)

    def withdraw(self) -> int:
        """Take what was asked back and return it, in wei; raises `BadAmount`, `NotUnlocked`."""
        receipt = self._lock.send(_GAS, "withdraw")
        return int(self._lock.events(receipt, "Withdrawn")[0]["amountWei"])

    def delegate(self, voter: str) -> Receipt:
        """Let somebody else vote with what this account has locked."""
        return self._lock.send(_GAS, "delegate", voter)

    @property
    def locked_wei(self) -> int:
        """What this account has locked."""
        return int(self._lock.read("lockedWei", self.me))

    @property
    def leaving(self) -> tuple[int, int]:
        """What it has asked back, in wei, and the second from which it can take that."""
        amount_wei, from_at = self._lock.read("leavingOf", self.me)
        return int(amount_wei), int(from_at)

    @property
    def votes_wei(self) -> int:
        """Its votes now, with those that others have delegated to it."""
        return int(self._lock.read("getVotes", self.me))


def reserved(description: str, proposer: str) -> str:
    """Return a description that the Governor takes of this account alone."""
    return f"{description}{RESERVED}{checksum(proposer)}"


def _proposal(values: dict[str, Any]) -> Proposal:
    parts = zip(values["targets"], values["calldatas"], values["values"], strict=True)
    return Proposal(
        values["proposalId"],
        checksum(values["proposer"]),
        tuple(Call(checksum(target), data, value_wei) for target, data, value_wei in parts),
        re.sub(f"{RESERVED}0x[0-9a-fA-F]{{40}}$", "", values["description"].decode(errors="replace")),
        keccak(values["description"]),
        values["voteStart"],
        values["voteEnd"],
    )


def _lists(calls: Sequence[Call]) -> tuple[list[str], list[int], list[bytes]]:
    """Return calls as the Governor takes them."""
    return [call.target for call in calls], [call.value_wei for call in calls], [call.data for call in calls]
