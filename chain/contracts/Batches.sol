// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Cursor, FastBatches} from "./FastBatches.sol";
import {IAlliance} from "./IAlliance.sol";
import {Messages} from "./Messages.sol";
import {Nibbles} from "./Nibbles.sol";
import {Roster} from "./Roster.sol";
import {Ballot, Ballots, Header, Task} from "./Task.sol";

/// @title Reading the packed batches of signed messages
/// @notice Formats are documented in IAlliance. Members' standings change as their messages are verified. Records that
/// are as expected are read by FastBatches; what it stops at is read here, which is also what says what is wrong.
library Batches {
    using Messages for Messages.Frame;
    using Nibbles for uint256[];

    uint256 private constant PROPOSAL_BYTES = 98;
    uint256 private constant VOTE_BYTES = 74;
    uint256 private constant PAIR_BYTES = 34;
    uint256 private constant BARE = 0x8000;
    uint256 private constant OWN = 0x4000;
    uint256 private constant LIST = 0xFFFF;
    uint256 private constant MEMBER = 0x3FFF;
    uint256 private constant SCORE_ONE = 1_000_000;
    uint256 private constant BPS = 10_000;

    uint256 private constant SILENT_PROPOSER = uint256(IAlliance.Standing.SILENT_PROPOSER);
    uint256 private constant PROPOSED = uint256(IAlliance.Standing.PROPOSED);
    uint256 private constant SILENT_VOTER = uint256(IAlliance.Standing.SILENT_VOTER);
    uint256 private constant VOTED_YES = uint256(IAlliance.Standing.VOTED_YES);
    uint256 private constant WITHHELD = uint256(IAlliance.Standing.WITHHELD);
    uint256 private constant COMMITTED = uint256(IAlliance.Standing.COMMITTED);
    uint256 private constant LATE = uint256(IAlliance.Standing.LATE);
    uint256 private constant LATE_YES = uint256(IAlliance.Standing.LATE_YES);

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

    /// @notice Record the votes in `votes`, and check them against the ballot.
    /// @return standings Of all members, after it.
    /// @return open Listed voters, as far as the list is given, that have not revealed.
    /// @return listed Whether the list was given in full, not by its hash.
    function reveal(
        Task storage t,
        uint256 task,
        Header h,
        Ballot ballot,
        bytes32 domain,
        bytes32 candidate,
        bytes calldata votes
    ) internal view returns (uint256[] memory standings, uint256 open, bool listed) {
        uint256 list = FastBatches.room(votes.length);
        (uint256 pos, uint256 end) = FastBatches.span(votes);
        Cursor memory k = Cursor({
            pos: pos,
            end: end,
            members: h.members(),
            roster: Roster.load(task, h.members()),
            standings: Nibbles.load(t.standings, h.members()),
            frame: Messages.frame(domain, Messages.VOTE, task, h.round()),
            toleranceBps: h.toleranceBps(),
            listEnd: list,
            next: 0
        });
        k.frame.put(3, uint256(candidate));
        bytes32 listHash;
        (listHash, open) = _read(t, h.round(), k, votes);
        listed = listHash == 0 || k.listEnd > list;
        if (listed) listHash = FastBatches.hash(list, k.listEnd);
        ballot.requireDigest(task, Ballots.digestOf(candidate, listHash));
        standings = k.standings;
    }

    function _read(Task storage t, uint256 round, Cursor memory k, bytes calldata votes)
        private
        view
        returns (bytes32 listHash, uint256 open)
    {
        for (FastBatches.votes(k); k.pos < k.end; FastBatches.votes(k)) {
            uint256 tag = FastBatches.load(k.pos) >> 240;
            uint256 size = tag & BARE != 0 ? PAIR_BYTES : VOTE_BYTES;
            if (k.pos + size > k.end) revert IAlliance.BadBatch(votes.length);
            if (tag == LIST) listHash = bytes32(FastBatches.load(k.pos + 2));
            else if (tag & BARE != 0) open += _bare(k, tag & MEMBER, votes.length);
            else _vote(t, round, k, tag, votes.length);
            k.pos += size;
        }
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
        _requireSigned(k, 4, member, k.pos + 34);
        k.standings.set(member, PROPOSED);
    }

    /// @dev Read a listed commitment that is not revealed here.
    /// @return open 1 if its voter has not revealed it otherwise.
    function _bare(Cursor memory k, uint256 member, uint256 length) private pure returns (uint256 open) {
        uint256 standing = _standing(k, member, length);
        _list(k, member, FastBatches.load(k.pos + 2), length);
        return owesListed(standing) ? 1 : 0;
    }

    /// @dev Record one vote, unless it only fills the list or is here already.
    function _vote(Task storage t, uint256 round, Cursor memory k, uint256 tag, uint256 length) private view {
        uint256 member = tag & MEMBER;
        uint256 standing = _standing(k, member, length);
        uint256 commitment = FastBatches.commitment(k.pos + 10);
        if (tag & OWN == 0) _list(k, member, commitment, length);
        if (standing < SILENT_VOTER) revert IAlliance.WrongStanding(member, IAlliance.Standing(standing));
        bool isOwn = uint256(t.commitments[ownKey(round, member)]) == commitment;
        if (tag & OWN == 0) {
            if (!owesListed(standing) && !(standing == COMMITTED && isOwn)) return;
            standing = SILENT_VOTER; // what the list binds was fixed before any vote was known: it is not late
        } else if (standing != COMMITTED && standing != LATE) {
            if (owesListed(standing) && standing < LATE) {
                revert IAlliance.WrongStanding(member, IAlliance.Standing(standing));
            }
            return;
        } else if (!isOwn) {
            revert IAlliance.NotCommitted(member);
        }
        uint256 head = FastBatches.load(k.pos);
        (uint256 scoreOld, uint256 scoreNew) = (uint32(head >> 208), uint32(head >> 176));
        if (scoreOld > SCORE_ONE) revert IAlliance.BadScore(member, scoreOld);
        if (scoreNew > SCORE_ONE) revert IAlliance.BadScore(member, scoreNew);
        k.frame.put(4, scoreOld);
        k.frame.put(5, scoreNew);
        _requireSigned(k, 6, member, k.pos + 10);
        bool yes = scoreNew * BPS >= scoreOld * (BPS - k.toleranceBps);
        k.standings.set(member, (standing == LATE ? LATE_YES : VOTED_YES) + (yes ? 0 : 1));
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

    function _requireSigned(Cursor memory k, uint256 words, uint256 member, uint256 pos) private pure {
        address signer = k.frame.recover(words, bytes32(FastBatches.load(pos)), bytes32(FastBatches.load(pos + 32)));
        if (signer == address(0) || signer != Roster.get(k.roster, member)) revert IAlliance.BadSignature(member);
    }
}
