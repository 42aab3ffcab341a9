// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Cursor, FastBatches} from "./FastBatches.sol";
import {IAlliance} from "./IAlliance.sol";
import {Messages} from "./Messages.sol";
import {Nibbles} from "./Nibbles.sol";
import {Roster} from "./Roster.sol";
import {Header, Task} from "./Task.sol";

/// @title Reading the packed batches of signed messages
/// @notice Formats are documented in IAlliance and the rules' interfaces. Members' standings change as their messages
/// are verified. Records that are as expected are read by FastBatches; what it stops at is read here, which is also
/// what says what is wrong. What votes contain is the rule's: see Votes and Scores.
library Batches {
    using Messages for Messages.Frame;
    using Nibbles for uint256[];

    /// @notice Bytes of a signed proposal.
    uint256 internal constant PROPOSAL_BYTES = 98;
    /// @notice Bytes of a listed commitment that is not revealed, and of the hash of a list.
    uint256 internal constant PAIR_BYTES = 34;
    /// @notice Flag of a listed commitment that is not revealed.
    uint256 internal constant BARE = 0x8000;
    /// @notice Flag of the vote of a member that committed by itself.
    uint256 internal constant OWN = 0x4000;
    /// @notice What the hash of a list begins with.
    uint256 internal constant LIST = 0xFFFF;
    /// @notice The member in what a record begins with.
    uint256 internal constant MEMBER = 0x3FFF;

    uint256 private constant SILENT_PROPOSER = uint256(IAlliance.Standing.SILENT_PROPOSER);
    uint256 private constant PROPOSED = uint256(IAlliance.Standing.PROPOSED);
    uint256 private constant SILENT_VOTER = uint256(IAlliance.Standing.SILENT_VOTER);
    uint256 private constant WITHHELD = uint256(IAlliance.Standing.WITHHELD);
    uint256 private constant COMMITTED = uint256(IAlliance.Standing.COMMITTED);
    uint256 private constant LATE = uint256(IAlliance.Standing.LATE);

    /// @notice Record the proposals in `batch`.
    function propose(Task storage t, uint256 task, Header h, bytes32 domain, bytes calldata batch) internal {
        if (batch.length == 0 || batch.length % PROPOSAL_BYTES != 0) revert IAlliance.BadBatch(batch.length);
        (uint256 pos, uint256 end) = FastBatches.span(batch);
        Cursor memory k = Cursor({
            pos: pos,
            end: end,
            members: h.members(),
            roster: Roster.load(task, h.members()),
            standings: Nibbles.load(t.standings, h.members()),
            frame: Messages.frame(domain, Messages.PROPOSAL, task, h.round()),
            toleranceBps: 0,
            listEnd: 0,
            next: 0
        });
        for (FastBatches.proposals(k); k.pos < k.end; FastBatches.proposals(k)) {
            _proposal(k, batch.length);
            k.pos += PROPOSAL_BYTES;
        }
        Nibbles.store(t.standings, k.standings);
    }

    /// @return Whether a voter of this standing, if the list holds a commitment of it, has yet to reveal that one. What
    /// it committed by itself after reveals had opened does not spare it: it could see the votes before it chose.
    function owesListed(uint256 standing) internal pure returns (bool) {
        return standing == SILENT_VOTER || standing == WITHHELD || standing >= LATE;
    }

    /// @return Key in Task.commitments.
    function ownKey(uint256 round, uint256 member) internal pure returns (uint256) {
        return (round << 16) | member;
    }

    /// @dev Record one proposal.
    function _proposal(Cursor memory k, uint256 length) private pure {
        uint256 member = FastBatches.load(k.pos) >> 240;
        uint256 standing = _standing(k, member, length);
        if (standing == PROPOSED) return;
        if (standing != SILENT_PROPOSER) revert IAlliance.WrongStanding(member, IAlliance.Standing(standing));
        k.frame.put(3, FastBatches.load(k.pos + 2));
        requireSigned(k, 4, member, k.pos + 34);
        k.standings.set(member, PROPOSED);
    }

    /// @notice Read a listed commitment that is not revealed here.
    /// @return open 1 if its voter has not revealed it otherwise.
    function bare(Cursor memory k, uint256 member, uint256 length) internal pure returns (uint256 open) {
        uint256 standing = _standing(k, member, length);
        _list(k, member, FastBatches.load(k.pos + 2), length);
        return owesListed(standing) ? 1 : 0;
    }

    /// @notice Put a vote on the rebuilt list, unless its member committed by itself, and find out whether it counts.
    /// @param tag What a record begins with.
    /// @param signaturePos Calldata position of its signature.
    /// @return standing SILENT_VOTER, COMMITTED or LATE, what the vote is to be counted as; 0 if it is passed over: it
    /// only fills the list, or is here already.
    function countsAs(
        Task storage t,
        uint256 round,
        Cursor memory k,
        uint256 tag,
        uint256 signaturePos,
        uint256 length
    ) internal view returns (uint256 standing) {
        uint256 member = tag & MEMBER;
        standing = _standing(k, member, length);
        uint256 commitment = FastBatches.commitment(signaturePos);
        if (tag & OWN == 0) _list(k, member, commitment, length);
        if (standing < SILENT_VOTER) revert IAlliance.WrongStanding(member, IAlliance.Standing(standing));
        bool isOwn = uint256(t.commitments[ownKey(round, member)]) == commitment;
        if (tag & OWN == 0) {
            // what the list binds was fixed before any vote was known: it is not late
            return owesListed(standing) || (standing == COMMITTED && isOwn) ? SILENT_VOTER : 0;
        }
        if (standing == COMMITTED || standing == LATE) {
            if (!isOwn) revert IAlliance.NotCommitted(member);
            return standing;
        }
        if (owesListed(standing) && standing < LATE) {
            revert IAlliance.WrongStanding(member, IAlliance.Standing(standing));
        }
        return 0;
    }

    /// @dev Add a pair to the rebuilt list, whose members ascend.
    function _list(Cursor memory k, uint256 member, uint256 commitment, uint256 length) private pure {
        if (member < k.next) revert IAlliance.BadBatch(length);
        k.next = member + 1;
        k.listEnd = FastBatches.append(k.listEnd, member, commitment);
    }

    function _standing(Cursor memory k, uint256 member, uint256 length) private pure returns (uint256) {
        if (member >= k.members) revert IAlliance.BadBatch(length);
        return k.standings.get(member);
    }

    /// @notice Refuse a message whose signature, at `pos` in the calldata, is not this member's.
    function requireSigned(Cursor memory k, uint256 words, uint256 member, uint256 pos) internal pure {
        address signer = k.frame.recover(words, bytes32(FastBatches.load(pos)), bytes32(FastBatches.load(pos + 32)));
        if (signer == address(0) || signer != Roster.get(k.roster, member)) revert IAlliance.BadSignature(member);
    }
}
