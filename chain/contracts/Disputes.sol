// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Batches} from "./Batches.sol";
import {Draw} from "./Draw.sol";
import {IAlliance} from "./IAlliance.sol";
import {Leaders} from "./Leaders.sol";
import {Members} from "./Members.sol";
import {Messages} from "./Messages.sol";
import {Money} from "./Money.sol";
import {Nibbles} from "./Nibbles.sol";
import {Phases} from "./Phases.sol";
import {Rounds} from "./Rounds.sol";
import {Ballot, Ballots, Header, Task, Terms, Voting} from "./Task.sol";

/// @title What is done when somebody does not do its part: votes omitted or withheld, things said twice, time passed
/// @notice Deployed by itself and linked into the Alliance, which has no room for it; it works on the Alliance's
/// storage. Functions do what IAlliance says of those of the same name.
library Disputes {
    using Members for Task;
    using Messages for Messages.Frame;
    using Nibbles for uint256[];
    using Phases for Task;

    /// @notice Seconds without any progress, beyond all the times of a round, after which a task can be ended.
    uint256 internal constant ABANDONED_S = 7 days;

    uint256 private constant PAIR_BYTES = 34;
    uint256 private constant EVIDENCE_BYTES = 66;
    uint256 private constant SILENT_VOTER = uint256(IAlliance.Standing.SILENT_VOTER);

    /// @notice Commit a voter that the list omits.
    function commitVote(
        Task storage t,
        uint256 task,
        bytes32 domain,
        uint256 member,
        bytes32 motion,
        bytes32 listHash,
        bytes32 commitment,
        IAlliance.Signature calldata signature
    ) external {
        Header h = t.within(task, IAlliance.Phase.REVEALING);
        Ballot ballot = t.ballot;
        Phases.requireBefore(task, t.omittedUntil());
        ballot.requireDigest(task, Ballots.digestOf(motion, listHash));
        uint256[] memory standings = Nibbles.load(t.standings, h.members());
        if (member >= h.members()) revert IAlliance.NotMember(task, member, address(0));
        uint256 silent = standings.get(member);
        if (silent != SILENT_VOTER) revert IAlliance.WrongStanding(member, IAlliance.Standing(silent));
        Messages.Frame frame = Messages.frame(domain, Messages.COMMITMENT, task, h.round());
        _requireSigned(t, frame, Messages.COMMITMENT, member, motion, commitment, signature);
        IAlliance.Standing standing = ballot.complete() ? IAlliance.Standing.LATE : IAlliance.Standing.COMMITTED;
        standings.set(member, uint256(standing));
        Nibbles.store(t.standings, standings);
        t.commitments[Batches.ownKey(h.round(), member)] = commitment;
        emit IAlliance.VoteCommitted(task, h.round(), member, commitment, standing);
    }

    /// @notice Mark the voters of `pairs` that `evidence` proves to have committed and that have not revealed.
    function proveWithheld(
        Task storage t,
        uint256 task,
        bytes32 domain,
        bytes32 motion,
        bytes calldata pairs,
        bytes calldata evidence
    ) external {
        Header h = t.within(task, IAlliance.Phase.REVEALING);
        Ballot ballot = t.ballot;
        uint256 revealEnd = t.omittedUntil() + t.voting.revealS;
        Phases.requireFrom(task, revealEnd);
        Phases.requireBefore(task, revealEnd + t.voting.evidenceS);
        _requireReadable(pairs, h.members());
        ballot.requireDigest(task, Ballots.digestOf(motion, keccak256(pairs)));
        uint256[] memory standings = Nibbles.load(t.standings, h.members());
        Messages.Frame frame = Messages.frame(domain, Messages.COMMITMENT, task, h.round());
        uint256[] memory accused = _accuse(t, frame, motion, standings, pairs, evidence, h.round());
        Nibbles.store(t.standings, standings);
        emit IAlliance.VotesWithheld(task, h.round(), accused);
    }

    /// @notice Take everything from a member that said two things, for the caller's bounty and the pool.
    /// @param voteType What the rule's voters sign.
    function slashEquivocation(
        Task storage t,
        mapping(address => uint256) storage credits,
        uint256 task,
        bytes32 domain,
        bytes32 voteType,
        IAlliance.Equivocation calldata e
    ) external {
        Header h = t.running(task);
        // The line of leaders is that of the balances: it must not be drawn anew by who slashes itself.
        if (h.phase() == IAlliance.Phase.IDLE) revert IAlliance.WrongPhase(task, IAlliance.Phase.IDLE);
        if (e.member >= h.members()) revert IAlliance.NotMember(task, e.member, address(0));
        if (e.first == e.second) revert IAlliance.SameStatement(e.member);
        bytes32 kind = e.kind == IAlliance.Statement.PROPOSAL
            ? Messages.PROPOSAL
            : e.kind == IAlliance.Statement.COMMITMENT ? Messages.COMMITMENT : voteType;
        Messages.Frame frame = Messages.frame(domain, kind, task, e.round);
        _requireSigned(t, frame, kind, e.member, e.motion, e.first, e.firstSignature);
        _requireSigned(t, frame, kind, e.member, e.motion, e.second, e.secondSignature);
        uint256 slashedGwei = t.takeAll(e.member);
        if (slashedGwei == 0) revert IAlliance.NothingThere();
        t.header = h.withPool(h.poolGwei() + slashedGwei - Money.payBounty(credits, h, slashedGwei));
        emit IAlliance.EquivocationSlashed(task, e.round, e.member, e.kind, slashedGwei);
    }

    /// @notice Let the leaders of the ranks below `ranks` pay for the turn that they let pass.
    /// @return The header after.
    function penalise(Task storage t, uint256 task, Header h, uint8 tag, uint256 ranks) external returns (Header) {
        return _penalise(t, task, h, tag, ranks);
    }

    /// @notice End the running round because whoever was to act did not in time.
    function skipRound(Task storage t, uint256 task) external {
        Phases.requireDirect();
        Header h = t.known(task);
        IAlliance.Phase phase = t.phase(h);
        if (phase == IAlliance.Phase.IDLE) {
            Phases.requireFrom(task, h.phaseAt() + Leaders.MAX_LEADERS * t.terms.leaderS);
            h = _penalise(t, task, h, Leaders.PROPOSERS, Leaders.MAX_LEADERS);
        } else if (phase == IAlliance.Phase.COMMITTING) {
            Phases.requireFrom(task, t.ballot.deadline());
        } else if (phase == IAlliance.Phase.PROPOSING || phase == IAlliance.Phase.LOCKED) {
            h = _skipProposals(t, task, h);
        } else if (phase == IAlliance.Phase.REVEALING) {
            // nobody may know what the ballot is a hash of; who does could settle for a while
            Voting memory v = t.voting;
            Phases.requireFrom(task, t.omittedUntil() + 2 * uint256(v.revealS) + v.evidenceS + v.commitS);
        } else {
            revert IAlliance.WrongPhase(task, phase);
        }
        bytes32 seed = keccak256(abi.encode(bytes32("void"), t.seed, h.round()));
        t.seed = seed;
        emit IAlliance.RoundSkipped(task, h.round(), phase, seed);
        Rounds.end(t, task, h);
    }

    /// @notice End a task whose header, after the joins and leaves that are due, has too few members with a seat.
    function finish(Task storage t, uint256 task, Header h) external {
        uint256[] memory seats = t.seatsHeld(h.members());
        uint256 able = Draw.hall(seats, new uint256[](seats.length)).able;
        if (able >= h.committee()) revert IAlliance.EnoughMembers(task, able, h.committee());
        Rounds.finish(t, task, h);
    }

    /// @notice End a task that nobody could start in time.
    function cancel(Task storage t, uint256 task) external {
        Header h = t.within(task, IAlliance.Phase.REGISTRATION);
        Phases.requireFrom(task, h.phaseAt() + t.terms.registrationS);
        if (h.members() >= h.committee()) revert IAlliance.EnoughMembers(task, h.members(), h.committee());
        Rounds.finish(t, task, h);
    }

    /// @notice End a task in which nothing has moved for all the times of a round and ABANDONED_S.
    function abandon(Task storage t, uint256 task) external {
        Header h = t.running(task);
        (Terms memory terms, Voting memory v) = (t.terms, t.voting);
        uint256 since = h.phaseAt() > t.ballot.deadline() ? h.phaseAt() : t.ballot.deadline();
        uint256 times = Leaders.MAX_LEADERS * terms.leaderS + uint256(terms.registrationS) + terms.proposeS
            + 2 * uint256(v.commitS) + 2 * uint256(v.revealS) + v.evidenceS;
        Phases.requireFrom(task, since + times + ABANDONED_S);
        Rounds.finish(t, task, h);
    }

    function _skipProposals(Task storage t, uint256 task, Header h) private returns (Header) {
        Phases.requireFrom(task, h.phaseAt());
        uint256[] memory standings = Nibbles.load(t.standings, h.members());
        if (standings.countEqual(uint256(IAlliance.Standing.PROPOSED)) == 0) return h;
        if (h.voters() == 0) {
            Phases.requireFrom(task, h.phaseAt() + t.voting.commitS);
            return h;
        }
        Phases.requireFrom(task, h.phaseAt() + Leaders.MAX_LEADERS * t.terms.leaderS);
        return _penalise(t, task, h, Leaders.VOTERS, Leaders.MAX_LEADERS);
    }

    function _penalise(Task storage t, uint256 task, Header h, uint8 tag, uint256 ranks) private returns (Header) {
        Draw.Hall memory hall = tag == Leaders.PROPOSERS
            ? Leaders.led(t, task, h)
            : Draw.hall(Nibbles.load(t.seats, h.members()), Nibbles.load(t.standings, h.members()));
        return Leaders.penalise(t, task, h, hall, tag, ranks);
    }

    function _accuse(
        Task storage t,
        Messages.Frame frame,
        bytes32 motion,
        uint256[] memory standings,
        bytes calldata pairs,
        bytes calldata evidence,
        uint256 round
    ) private view returns (uint256[] memory accused) {
        uint256 count;
        if (evidence.length == 0 || evidence.length % EVIDENCE_BYTES != 0) {
            revert IAlliance.BadBatch(evidence.length);
        }
        accused = new uint256[](evidence.length / EVIDENCE_BYTES);
        for (uint256 i = 0; i < accused.length; ++i) {
            bytes calldata record = evidence[EVIDENCE_BYTES * i:];
            uint256 pos = PAIR_BYTES * uint16(bytes2(record));
            if (pos >= pairs.length) revert IAlliance.BadBatch(pairs.length);
            uint256 member = uint16(bytes2(pairs[pos:]));
            frame.putStatement(Messages.COMMITMENT, motion, bytes32(pairs[pos + 2:]));
            address signer = frame.recover(5, bytes32(record[2:]), bytes32(record[34:]));
            if (signer == address(0) || signer != t.nodes[member]) revert IAlliance.BadSignature(member);
            bytes32 own = t.commitments[Batches.ownKey(round, member)];
            if (!_withholds(standings.get(member), member, own == bytes32(pairs[pos + 2:]))) continue;
            standings.set(member, uint256(IAlliance.Standing.WITHHELD));
            accused[count++] = member;
        }
        assembly ("memory-safe") {
            mstore(accused, count)
        }
    }

    /// @dev Whether evidence against a voter of this standing marks it. Who has revealed or is marked is passed over,
    /// so that nobody spares others by going first.
    /// @param isOwn Whether what it committed by itself is what the list holds of it.
    function _withholds(uint256 standing, uint256 member, bool isOwn) private pure returns (bool) {
        if (standing < SILENT_VOTER) revert IAlliance.WrongStanding(member, IAlliance.Standing(standing));
        if (!Batches.owesListed(standing) || standing == uint256(IAlliance.Standing.WITHHELD)) return false;
        // LATE_YES and LATE_NO have revealed what they committed by themselves
        return standing <= uint256(IAlliance.Standing.LATE) || !isOwn;
    }

    /// @dev A list that `revealVotes` would not read binds nobody: its voters could not have revealed.
    function _requireReadable(bytes calldata pairs, uint256 members) private pure {
        if (pairs.length % PAIR_BYTES != 0) revert IAlliance.BadBatch(pairs.length);
        uint256 next = 0;
        for (uint256 pos = 0; pos < pairs.length; pos += PAIR_BYTES) {
            uint256 member = uint16(bytes2(pairs[pos:]));
            if (member < next || member >= members) revert IAlliance.BadBatch(pairs.length);
            next = member + 1;
        }
    }

    function _requireSigned(
        Task storage t,
        Messages.Frame frame,
        bytes32 kind,
        uint256 member,
        bytes32 motion,
        bytes32 value,
        IAlliance.Signature calldata signature
    ) private view {
        uint256 words = frame.putStatement(kind, motion, value);
        address signer = frame.recover(words, signature.r, signature.vs);
        if (signer == address(0) || signer != t.nodes[member]) revert IAlliance.BadSignature(member);
    }
}
