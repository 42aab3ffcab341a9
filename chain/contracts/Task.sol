// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {IAlliance} from "./IAlliance.sol";

/// @notice What every transaction of a round reads, in one slot: phase, round, deadline, pool and the terms of
/// settlement. A value, not a storage struct, so that a round reads and writes it once.
type Header is uint256;

/// @notice The running round's vote, in one slot: round, deadline, and what was committed.
type Ballot is uint256;

using Headers for Header global;
using Ballots for Ballot global;

/// @notice Terms that the opening of a round needs.
struct Terms {
    uint64 minStakeGwei; // one seat
    uint64 queuedGwei; // sum of the stakes in the queue
    uint32 registrationS; // seconds
    uint32 leaderS; // seconds
    uint32 proposeS; // seconds
    uint16 queueHead; // first position that waits
    uint16 queueTail; // first free position
}

/// @notice Terms that the votes of a round need.
struct Voting {
    address relayer; // who posts the list of commitments
    uint32 commitS; // seconds
    uint32 revealS; // seconds
    uint32 evidenceS; // seconds
}

/// @notice Everything about one task.
struct Task {
    Header header; // see Headers
    Ballot ballot; // see Ballots; of an older round if its round is not the header's
    bytes32 seed; // the last seed
    Terms terms; // one slot
    Voting voting; // one slot
    address creator; // who gets the pool back
    uint64 slashGwei; // what a loser loses beyond slashBps of its balance; read only where somebody loses
    uint16 quorum; // proposals from which on graceS runs; read, with it, only where somebody is late
    uint16 graceS; // seconds; 0: nobody is hurried
    bytes32 codeDigest; // sha256
    bytes32 configDigest; // sha256
    bytes32 initialModel; // sha256
    uint256[18] standings; // IAlliance.Standing of each member, see Nibbles; valid in its round
    uint256[18] seats; // seats of each member in the running round, see Nibbles
    uint256[205] balances; // gwei of each member, five of 51 bits a word, the first one lowest
    uint256[512] records; // of each member, two a word, see Records; not under the published rule
    uint256[4] leaving; // bit i of word i / 256: member i has asked to leave
    mapping(uint256 member => address) nodes; // of each member
    mapping(address node => uint256) vrfX; // key of each node that ever registered
    mapping(uint256 vrfX => bool) keyTaken; // keys that were ever registered
    mapping(uint256 position => IAlliance.Queued) queue; // joins and leaves that wait
    mapping(uint256 roundAndMember => bytes32) commitments; // of voters that committed by themselves
}

/// @title The fields of a Header
/// @dev From the lowest bit: phase 4, phaseAt 35, round 16, acceptedAt 35, poolGwei 60, members 11, rounds 16, proposers
/// 11, voters 11, toleranceBps 14, slashBps 14, bountyBps 14, absenceBps 14. Seconds fit until the year 3058, all FML
/// there can be is below 2^60 gwei.
library Headers {
    uint256 private constant U4 = 0xF;
    uint256 private constant U11 = 0x7FF;
    uint256 private constant U14 = 0x3FFF;
    uint256 private constant U16 = type(uint16).max;
    uint256 private constant U35 = 0x7FFFFFFFF;
    uint256 private constant U60 = 0xFFFFFFFFFFFFFFF;
    uint256 private constant PHASE_AT = 4;
    uint256 private constant ROUND = 39;
    uint256 private constant ACCEPTED_AT = 55;
    uint256 private constant POOL = 90;
    uint256 private constant MEMBERS = 150;
    uint256 private constant ROUNDS = 161;
    uint256 private constant PROPOSERS = 177;
    uint256 private constant VOTERS = 188;
    uint256 private constant TOLERANCE = 199;
    uint256 private constant SLASH = 213;
    uint256 private constant BOUNTY = 227;
    uint256 private constant ABSENCE = 241;

    function phase(Header self) internal pure returns (IAlliance.Phase) {
        uint256 stored = Header.unwrap(self) & U4;
        IAlliance.Phase result;
        assembly ("memory-safe") {
            result := stored // only phases are ever stored: no need to check
        }
        return result;
    }

    function phaseAt(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> PHASE_AT) & U35;
    }

    function round(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> ROUND) & U16;
    }

    /// @return The second at which a round was accepted last; 0: none was.
    function acceptedAt(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> ACCEPTED_AT) & U35;
    }

    function poolGwei(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> POOL) & U60;
    }

    function members(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> MEMBERS) & U11;
    }

    function rounds(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> ROUNDS) & U16;
    }

    function proposers(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> PROPOSERS) & U11;
    }

    function voters(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> VOTERS) & U11;
    }

    function toleranceBps(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> TOLERANCE) & U14;
    }

    function slashBps(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> SLASH) & U14;
    }

    function bountyBps(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> BOUNTY) & U14;
    }

    function absenceBps(Header self) internal pure returns (uint256) {
        return Header.unwrap(self) >> ABSENCE;
    }

    /// @return The members that a round draws in all.
    function committee(Header self) internal pure returns (uint256) {
        return self.proposers() + self.voters();
    }

    /// @return A header with the terms of `params`, which are within their ranges, and nothing else set.
    function fromParams(IAlliance.TaskParams calldata params) internal pure returns (Header) {
        return Header.wrap(
            (uint256(params.rounds) << ROUNDS) | (uint256(params.proposers) << PROPOSERS)
                | (uint256(params.voters) << VOTERS) | (uint256(params.toleranceBps) << TOLERANCE)
                | (uint256(params.slashBps) << SLASH) | (uint256(params.bountyBps) << BOUNTY)
                | (uint256(params.absenceBps) << ABSENCE)
        );
    }

    function withPhase(Header self, IAlliance.Phase value, uint256 at_) internal pure returns (Header) {
        uint256 kept = Header.unwrap(self) & ~(U4 | (U35 << PHASE_AT));
        return Header.wrap(kept | uint256(value) | (at_ << PHASE_AT));
    }

    function withRound(Header self, uint256 value) internal pure returns (Header) {
        return Header.wrap((Header.unwrap(self) & ~(U16 << ROUND)) | (value << ROUND));
    }

    function withAccepted(Header self, uint256 at_) internal pure returns (Header) {
        return Header.wrap((Header.unwrap(self) & ~(U35 << ACCEPTED_AT)) | (at_ << ACCEPTED_AT));
    }

    function withMembers(Header self, uint256 value) internal pure returns (Header) {
        return Header.wrap((Header.unwrap(self) & ~(U11 << MEMBERS)) | (value << MEMBERS));
    }

    function withPool(Header self, uint256 valueGwei) internal pure returns (Header) {
        return Header.wrap((Header.unwrap(self) & ~(U60 << POOL)) | (valueGwei << POOL));
    }
}

/// @title The fields of a Ballot
/// @dev From the lowest bit: round 16, state 8, deadline 40, then 192 bits: the relayer while its list is awaited, the
/// digest of motion and list afterwards. So the relayer's transaction needs no other slot.
library Ballots {
    uint256 private constant AWAITED = 1;
    uint256 private constant INCOMPLETE = 2;
    uint256 private constant COMPLETE = 3;

    /// @notice A ballot that waits for the relayer until second `deadline_`.
    function open(uint256 round_, uint256 deadline_, address relayer_) internal pure returns (Ballot) {
        return Ballot.wrap(round_ | (AWAITED << 16) | (deadline_ << 24) | (uint256(uint160(relayer_)) << 64));
    }

    /// @notice The same ballot with its list fixed.
    function withList(Ballot self, bytes24 digest_, bool isComplete) internal pure returns (Ballot) {
        uint256 kept = Ballot.unwrap(self) & 0xFFFFFFFFFF00FFFF;
        return Ballot.wrap(kept | ((isComplete ? COMPLETE : INCOMPLETE) << 16) | (uint256(uint192(digest_)) << 64));
    }

    /// @notice The same ballot with another deadline.
    function withDeadline(Ballot self, uint256 deadline_) internal pure returns (Ballot) {
        return Ballot.wrap((Ballot.unwrap(self) & ~(uint256(type(uint40).max) << 24)) | (deadline_ << 24));
    }

    function round(Ballot self) internal pure returns (uint256) {
        return uint16(Ballot.unwrap(self));
    }

    /// @return Whether the relayer's list is still to come.
    function awaited(Ballot self) internal pure returns (bool) {
        return uint8(Ballot.unwrap(self) >> 16) == AWAITED;
    }

    /// @return Whether the list was said to hold every drawn voter.
    function complete(Ballot self) internal pure returns (bool) {
        return uint8(Ballot.unwrap(self) >> 16) == COMPLETE;
    }

    /// @return The end of the relayer's time; that of the voters it omits comes `commitS` later. Once a list is fixed
    /// that omits some it may be earlier, see Phases.omitting.
    function deadline(Ballot self) internal pure returns (uint256) {
        return uint40(Ballot.unwrap(self) >> 24);
    }

    /// @return Who posts the list that is awaited.
    function relayer(Ballot self) internal pure returns (address) {
        return address(uint160(Ballot.unwrap(self) >> 64));
    }

    /// @return Of a fixed list.
    function digest(Ballot self) internal pure returns (bytes24) {
        return bytes24(uint192(Ballot.unwrap(self) >> 64));
    }

    /// @return hash What `digest` becomes: 192 bits of a hash, which nobody can collide in practice (2^96).
    function digestOf(bytes32 motion, bytes32 listHash) internal pure returns (bytes24 hash) {
        return bytes24(Hashes.efficientKeccak256(motion, listHash));
    }

    /// @notice Refuse a motion and a list that are not the ones fixed.
    function requireDigest(Ballot self, uint256 task, bytes24 given) internal pure {
        if (given != self.digest()) revert IAlliance.WrongBallot(task, given, self.digest());
    }
}
