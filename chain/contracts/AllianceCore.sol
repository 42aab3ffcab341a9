// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Batches} from "./Batches.sol";
import {Disputes} from "./Disputes.sol";
import {Draw} from "./Draw.sol";
import {IAlliance} from "./IAlliance.sol";
import {Leaders} from "./Leaders.sol";
import {Members} from "./Members.sol";
import {Money} from "./Money.sol";
import {Nibbles} from "./Nibbles.sol";
import {Phases} from "./Phases.sol";
import {Registry} from "./Registry.sol";
import {Rounds} from "./Rounds.sol";
import {Ballot, Ballots, Header, Headers, Task, Terms, Voting} from "./Task.sol";
import {Vrf} from "./Vrf.sol";

/// @title FL Alliance, whatever rule judges its rounds
/// @notice Documented in IAlliance. A rule adds how tasks are created, votes revealed and rounds settled.
abstract contract AllianceCore is IAlliance, EIP712, Multicall {
    using Draw for Draw.Hall;
    using Members for Task;
    using Nibbles for uint256[];
    using Phases for Task;

    /// @notice Seconds without any progress, beyond all the times of a round, after which a task can be ended.
    uint256 public constant ABANDONED_S = Disputes.ABANDONED_S;
    /// @notice Members of a task at most, queued ones included.
    uint256 public constant MAX_MEMBERS = Registry.MAX_MEMBERS;
    /// @notice Joins and leaves that take effect at one opening at most.
    uint256 public constant MAX_ADMISSIONS = Registry.MAX_ADMISSIONS;
    /// @notice Seats of one member at most.
    uint256 public constant MAX_SEATS = Draw.MAX_SEATS;
    /// @notice A member's balance at most, in gwei.
    uint256 public constant MAX_BALANCE_GWEI = Members.MAX_BALANCE_GWEI;
    /// @notice Seconds that each of a task's times can be at most.
    uint256 public constant MAX_TIMEOUT_S = Registry.MAX_TIMEOUT_S;
    /// @notice Ranks of a leader line.
    uint256 public constant MAX_LEADERS = Leaders.MAX_LEADERS;

    /// @notice The token that everything is paid in.
    address public immutable fml;

    /// @inheritdoc IAlliance
    uint256 public taskCount;
    /// @inheritdoc IAlliance
    mapping(address account => uint256) public creditGwei;

    mapping(uint256 task => Task) internal _tasks;

    /// @param fml_ The FML token.
    constructor(address fml_) EIP712("FL Alliance", "1") {
        fml = fml_;
    }

    // --- A task's life ------------------------------------------------------------------------------------------

    /// @inheritdoc IAlliance
    function fund(uint256 task, uint256 amountWei) external {
        Registry.fund(_tasks[task], task, fml, amountWei);
    }

    /// @inheritdoc IAlliance
    function register(uint256 task, uint256 vrfX, Vrf.Proof calldata possession, uint256 amountWei) external {
        _register(task, msg.sender, vrfX, possession, amountWei);
        Money.pull(fml, amountWei);
    }

    /// @inheritdoc IAlliance
    function registerWithAuthorization(
        uint256 task,
        address node,
        uint256 vrfX,
        Vrf.Proof calldata possession,
        uint256 amountWei,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        Signature calldata signature
    ) external {
        _register(task, node, vrfX, possession, amountWei);
        bytes32 nonce = keccak256(abi.encode(task, vrfX, salt));
        (uint8 v, bytes32 s) = (uint8(27 + (uint256(signature.vs) >> 255)), (signature.vs << 1) >> 1);
        IERC3009(fml).receiveWithAuthorization(
            node, address(this), amountWei, validAfter, validBefore, nonce, v, signature.r, s
        );
    }

    /// @inheritdoc IAlliance
    function leaveTask(uint256 task, uint16 member) external {
        _leave(task, member, msg.sender);
    }

    /// @inheritdoc IAlliance
    function leaveTaskWithSignature(uint256 task, uint16 member, Signature calldata signature) external {
        _leave(task, member, Registry.leaver(_domainSeparatorV4(), task, member, signature));
    }

    /// @inheritdoc IAlliance
    function start(uint256 task) external {
        Registry.start(_tasks[task], task);
    }

    /// @inheritdoc IAlliance
    function cancel(uint256 task) external {
        Disputes.cancel(_tasks[task], task);
    }

    // --- A round ------------------------------------------------------------------------------------------------

    /// @inheritdoc IAlliance
    function openRound(uint256 task, Vrf.Proof calldata proof) external {
        Task storage t = _tasks[task];
        Header h = t.within(task, Phase.IDLE);
        Draw.Hall memory hall = Leaders.led(t, task, h);
        uint256 rank = Leaders.rank(h.phaseAt(), t.terms.leaderS);
        (uint256 leader, bytes32 beta) = Leaders.verify(t, task, h, hall, Leaders.PROPOSERS, rank, proof);
        if (rank > 0) h = Disputes.penalise(t, task, h, Leaders.PROPOSERS, rank);
        h = _advance(t, task, h);
        hall = Leaders.hall(t, h);
        if (hall.able < h.committee()) return Rounds.finish(t, task, h);
        uint256[] memory standings = new uint256[](hall.seats.length);
        hall.draw(beta, Leaders.PROPOSERS, h.proposers(), uint256(Standing.SILENT_PROPOSER), standings);
        Nibbles.store(t.standings, standings);
        Nibbles.store(t.seats, hall.seats);
        t.seed = beta;
        t.header = h.withPhase(Phase.PROPOSING, block.timestamp + t.terms.proposeS);
        emit RoundOpened(task, h.round(), leader, rank, beta);
    }

    /// @inheritdoc IAlliance
    function finish(uint256 task) external {
        Task storage t = _tasks[task];
        Disputes.finish(t, task, _advance(t, task, t.within(task, Phase.IDLE)));
    }

    /// @inheritdoc IAlliance
    function skipRound(uint256 task) external {
        Disputes.skipRound(_tasks[task], task);
    }

    /// @inheritdoc IAlliance
    function propose(uint256 task, bytes calldata batch) external {
        Phases.requireDirect();
        Task storage t = _tasks[task];
        Header h = t.header;
        if (h.phase() != Phase.PROPOSING) revert WrongPhase(task, t.known(task).phase());
        Phases.requireBefore(task, h.phaseAt());
        Batches.propose(t, task, h, _domainSeparatorV4(), batch);
        // A batch of as many records as there are proposers needs no look: they are everybody's, or say things twice.
        if (batch.length < Batches.PROPOSAL_BYTES * h.proposers()) t.hurry(h);
    }

    /// @inheritdoc IAlliance
    function drawVoters(uint256 task, Vrf.Proof calldata proof) external {
        Task storage t = _tasks[task];
        Header h = t.within(task, Phase.LOCKED);
        if (h.voters() == 0) revert WrongPhase(task, Phase.LOCKED);
        uint256[] memory standings = Nibbles.load(t.standings, h.members());
        if (standings.countEqual(uint256(Standing.PROPOSED)) == 0) revert WrongPhase(task, Phase.LOCKED);
        Draw.Hall memory hall = Draw.hall(Nibbles.load(t.seats, h.members()), standings);
        uint256 rank = Leaders.rank(h.phaseAt(), t.terms.leaderS);
        (uint256 leader, bytes32 beta) = Leaders.verify(t, task, h, hall, Leaders.VOTERS, rank, proof);
        if (rank > 0) t.header = Disputes.penalise(t, task, h, Leaders.VOTERS, rank);
        hall.draw(beta, Leaders.VOTERS, h.voters(), uint256(Standing.SILENT_VOTER), standings);
        Nibbles.store(t.standings, standings);
        t.seed = beta;
        t.ballot = Ballots.open(h.round(), block.timestamp + t.voting.commitS, t.voting.relayer);
        emit VotersDrawn(task, h.round(), leader, rank, beta);
    }

    /// @inheritdoc IAlliance
    function commitVotes(uint256 task, bytes32 digest, bool complete) external {
        Phases.requireDirect();
        Task storage t = _tasks[task];
        // The ballot says all that counts: the header, which nothing else here needs, would cost another slot.
        Ballot ballot = t.ballot;
        if (!ballot.awaited()) revert WrongPhase(task, t.phase(t.header));
        if (msg.sender != ballot.relayer()) revert NotAllowed(msg.sender, ballot.relayer());
        Phases.requireBefore(task, ballot.deadline());
        if (!complete) ballot = t.omitting(ballot);
        t.ballot = ballot.withList(bytes24(digest), complete);
        emit VotesCommitted(task, bytes24(digest), complete);
    }

    /// @inheritdoc IAlliance
    function commitVote(
        uint256 task,
        uint16 member,
        bytes32 motion,
        bytes32 listHash,
        bytes32 commitment,
        Signature calldata signature
    ) external {
        bytes32 domain = _domainSeparatorV4();
        Disputes.commitVote(_tasks[task], task, domain, member, motion, listHash, commitment, signature);
    }

    /// @inheritdoc IAlliance
    function proveWithheld(uint256 task, bytes32 motion, bytes calldata pairs, bytes calldata evidence) external {
        Disputes.proveWithheld(_tasks[task], task, _domainSeparatorV4(), motion, pairs, evidence);
    }

    /// @inheritdoc IAlliance
    function slashEquivocation(uint256 task, Equivocation calldata proof) external {
        Disputes.slashEquivocation(_tasks[task], creditGwei, task, _domainSeparatorV4(), _voteType(), proof);
    }

    // --- The end ------------------------------------------------------------------------------------------------

    /// @inheritdoc IAlliance
    function abandon(uint256 task) external {
        Disputes.abandon(_tasks[task], task);
    }

    /// @inheritdoc IAlliance
    function withdraw(uint256 task, uint16 member) external {
        Registry.withdraw(_tasks[task], task, fml, member);
    }

    /// @inheritdoc IAlliance
    function withdrawQueued(uint256 task, uint16 position) external {
        Registry.withdrawQueued(_tasks[task], task, fml, position);
    }

    /// @inheritdoc IAlliance
    function withdrawPool(uint256 task) external {
        Registry.withdrawPool(_tasks[task], task, fml);
    }

    /// @inheritdoc IAlliance
    function withdrawCredit(address account) external {
        Registry.withdrawCredit(creditGwei, fml, account);
    }

    // --- What is known ------------------------------------------------------------------------------------------

    /// @inheritdoc IAlliance
    function params(uint256 task) external view returns (TaskParams memory) {
        return Registry.params(_tasks[task], task);
    }

    /// @inheritdoc IAlliance
    function state(uint256 task) external view returns (TaskState memory) {
        return Registry.state(_tasks[task], task);
    }

    /// @inheritdoc IAlliance
    function members(uint256 task) external view returns (Member[] memory) {
        return Registry.members(_tasks[task], task);
    }

    /// @inheritdoc IAlliance
    function stakedGwei(uint256 task) external view returns (uint256) {
        return Registry.stakedGwei(_tasks[task], task);
    }

    /// @inheritdoc IAlliance
    function seated(uint256 task, uint16 member) external view returns (address node, uint256 stakeGwei) {
        return Registry.seated(_tasks[task], task, member);
    }

    /// @inheritdoc IAlliance
    function queue(uint256 task) external view returns (uint256 head, Queued[] memory waiting) {
        return Registry.queue(_tasks[task], task);
    }

    // --- Steps that several calls share -------------------------------------------------------------------------

    /// @return EIP-712 type hash of what this rule's voters sign.
    function _voteType() internal pure virtual returns (bytes32);

    function _create(TaskParams calldata p, uint256 poolWei) internal returns (uint256 task) {
        Phases.requireDirect();
        task = ++taskCount;
        Registry.create(_tasks[task], task, p, Money.gwei_(poolWei));
        emit TaskCreated(task, msg.sender, poolWei);
        Money.pull(fml, poolWei);
    }

    function _register(uint256 task, address node, uint256 vrfX, Vrf.Proof calldata possession, uint256 amountWei)
        private
    {
        uint256 fromRound = Registry.register(_tasks[task], task, node, vrfX, possession, Money.gwei_(amountWei));
        emit Registered(task, node, vrfX, amountWei, fromRound);
    }

    function _leave(uint256 task, uint256 member, address node) private {
        Registry.depart(_tasks[task], task, member, node, creditGwei);
    }

    function _advance(Task storage t, uint256 task, Header h) private returns (Header) {
        return t.terms.queueHead == t.terms.queueTail ? h : Registry.advance(t, task, h, creditGwei);
    }
}
