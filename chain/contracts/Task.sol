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
/// @dev From the lowest bit: phase 8, round 16, phaseAt 40, members 16, poolGwei 64, rounds 16, proposers 16,
/// voters 16, toleranceBps 16, slashBps 16, bountyBps 16, absenceBps 16.
library Headers {
    uint256 private constant U16 = type(uint16).max;
    uint256 private constant U40 = type(uint40).max;
    uint256 private constant U64 = type(uint64).max;

    function phase(Header self) internal pure returns (IAlliance.Phase) {
        uint256 stored = uint8(Header.unwrap(self));
        IAlliance.Phase result;
        assembly ("memory-safe") {
            result := stored // only phases are ever stored: no need to check
        }
        return result;
    }

    function round(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> 8) & U16;
    }

    function phaseAt(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> 24) & U40;
    }

    function members(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> 64) & U16;
    }

    function poolGwei(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> 80) & U64;
    }

    function rounds(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> 144) & U16;
    }

    function proposers(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> 160) & U16;
    }

    function voters(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> 176) & U16;
    }

    function toleranceBps(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> 192) & U16;
    }

    function slashBps(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> 208) & U16;
    }

    function bountyBps(Header self) internal pure returns (uint256) {
        return (Header.unwrap(self) >> 224) & U16;
    }

    function absenceBps(Header self) internal pure returns (uint256) {
        return Header.unwrap(self) >> 240;
    }

    /// @return The members that a round draws in all.
    function committee(Header self) internal pure returns (uint256) {
        return self.proposers() + self.voters();
    }

    /// @return A header with the terms of `params`, nothing else set.
    function fromParams(IAlliance.TaskParams calldata params) internal pure returns (Header) {
        return Header.wrap(
            (uint256(params.rounds) << 144) | (uint256(params.proposers) << 160) | (uint256(params.voters) << 176)
                | (uint256(params.toleranceBps) << 192) | (uint256(params.slashBps) << 208)
                | (uint256(params.bountyBps) << 224) | (uint256(params.absenceBps) << 240)
        );
    }

    function withPhase(Header self, IAlliance.Phase value, uint256 at_) internal pure returns (Header) {
        uint256 kept = Header.unwrap(self) & ~(uint256(type(uint8).max) | (U40 << 24));
        return Header.wrap(kept | uint256(value) | (at_ << 24));
    }

    function withRound(Header self, uint256 value) internal pure returns (Header) {
        return Header.wrap((Header.unwrap(self) & ~(U16 << 8)) | (value << 8));
    }

    function withMembers(Header self, uint256 value) internal pure returns (Header) {
        return Header.wrap((Header.unwrap(self) & ~(U16 << 64)) | (value << 64));
    }

    /// @dev All FML there can be is below 2^60 gwei.
    function withPool(Header self, uint256 valueGwei) internal pure returns (Header) {
        return Header.wrap((Header.unwrap(self) & ~(U64 << 80)) | (valueGwei << 80));
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

    /// @return The end of the relayer's time; that of the voters it omits comes `commitS` later.
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
