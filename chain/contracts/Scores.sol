// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Batches} from "./Batches.sol";
import {Cursor, FastBatches} from "./FastBatches.sol";
import {IAlliance} from "./IAlliance.sol";
import {ICandidateAlliance} from "./ICandidateAlliance.sol";
import {Menu} from "./Menus.sol";
import {Messages} from "./Messages.sol";
import {Nibbles} from "./Nibbles.sol";
import {Roster} from "./Roster.sol";
import {Ballot, Ballots, Header, Task} from "./Task.sol";

/// @notice The reading of a batch of scores.
struct Reading {
    Cursor k; // where it stands
    uint256 entries; // of the menu
    uint256 size; // bytes of scores and contributions
    uint256[] votes; // of each member whose vote was read and counts: memory address of its scores and contributions
    uint256 open; // listed voters, as far as the list is given, that have not revealed
    bool listed; // whether the list was given in full, not by its hash
}

/// @title Reading the votes of candidate voting
/// @notice The format is documented in ICandidateAlliance.
library Scores {
    using Messages for Messages.Frame;
    using Nibbles for uint256[];

    /// @notice Bits of one entry's score in the word of all.
    uint256 internal constant BITS = 20;
    /// @notice A score at most.
    uint256 internal constant WORST = 1_000_000;
    /// @notice What a voter's contributions can add up to, in absolute value.
    uint256 internal constant POINTS = 10_000;

    uint256 private constant MEMBER_BYTES = 2;
    uint256 private constant SIGNATURE_BYTES = 64;
    uint256 private constant SCORE = (1 << BITS) - 1;
    uint256 private constant REVEALED = uint256(IAlliance.Standing.VOTED_YES);
    uint256 private constant LATE = uint256(IAlliance.Standing.LATE);
    uint256 private constant LATE_REVEALED = uint256(IAlliance.Standing.LATE_YES);

    /// @notice Record the votes in `votes`, and check them against the ballot.
    /// @param standings Of all members; changes with what is read.
    /// @param size Bytes of a vote's scores and contributions.
    function read(
        Task storage t,
        uint256 task,
        Header h,
        bytes32 domain,
        Menu memory menu,
        uint256[] memory standings,
        uint256 size,
        bytes calldata votes
    ) internal view returns (Reading memory r) {
        (uint256 pos, uint256 end) = FastBatches.span(votes);
        uint256 list = FastBatches.room(votes.length);
        r.k = Cursor({
            pos: pos,
            end: end,
            members: h.members(),
            roster: Roster.load(task, h.members()),
            standings: standings,
            frame: Messages.frame(domain, Messages.SCORES, task, h.round()),
            toleranceBps: 0,
            listEnd: list,
            next: 0
        });
        (r.entries, r.size, r.votes) = (menu.entries, size, new uint256[](h.members()));
        r.k.frame.put(3, uint256(menu.motion));
        bytes32 listHash = _read(t, h.round(), r, votes.length);
        r.listed = listHash == 0 || r.k.listEnd > list;
        if (r.listed) listHash = FastBatches.hash(list, r.k.listEnd);
        t.ballot.requireDigest(task, Ballots.digestOf(menu.motion, listHash));
    }

    /// @return The score of `entry` in the word of all.
    function score(uint256 scores, uint256 entry) internal pure returns (uint256) {
        unchecked {
            return (scores >> (BITS * entry)) & SCORE;
        }
    }

    /// @return points What the vote at memory address `vote` credits the proposal at position `proposal` with.
    function contribution(uint256 vote, uint256 proposal) internal pure returns (int256 points) {
        assembly ("memory-safe") {
            points := signextend(1, shr(240, mload(add(add(vote, 32), shl(1, proposal)))))
        }
    }

    function _read(Task storage t, uint256 round, Reading memory r, uint256 length)
        private
        view
        returns (bytes32 listHash)
    {
        Cursor memory k = r.k;
        uint256 voteBytes = MEMBER_BYTES + r.size + SIGNATURE_BYTES;
        while (k.pos < k.end) {
            uint256 tag = FastBatches.load(k.pos) >> 240;
            uint256 size = tag & Batches.BARE != 0 ? Batches.PAIR_BYTES : voteBytes;
            if (k.pos + size > k.end) revert IAlliance.BadBatch(length);
            if (tag == Batches.LIST) listHash = bytes32(FastBatches.load(k.pos + MEMBER_BYTES));
            else if (tag & Batches.BARE != 0) r.open += Batches.bare(k, tag & Batches.MEMBER, length);
            else _vote(t, round, r, tag, length);
            k.pos += size;
        }
    }

    /// @dev Record one vote, unless it only fills the list or is here already.
    function _vote(Task storage t, uint256 round, Reading memory r, uint256 tag, uint256 length) private view {
        uint256 member = tag & Batches.MEMBER;
        uint256 signature = r.k.pos + MEMBER_BYTES + r.size;
        uint256 standing = Batches.countsAs(t, round, r.k, tag, signature, length);
        if (standing == 0) return;
        uint256 vote = _copied(r.k.pos + MEMBER_BYTES, r.size);
        _requireScores(member, vote, r.entries);
        _requireContributions(member, vote, (r.size - 32) / 2);
        r.k.frame.put(4, uint256(FastBatches.hash(vote, vote + r.size)));
        Batches.requireSigned(r.k, 5, member, signature);
        r.k.standings.set(member, standing == LATE ? LATE_REVEALED : REVEALED);
        r.votes[member] = vote;
    }

    function _requireScores(uint256 member, uint256 vote, uint256 entries) private pure {
        uint256 scores;
        assembly ("memory-safe") {
            scores := mload(vote)
        }
        uint256 beyond = scores >> (BITS * entries);
        if (beyond != 0) revert IAlliance.BadScore(member, beyond);
        for (uint256 e = 0; e < entries; ++e) {
            if (score(scores, e) > WORST) revert IAlliance.BadScore(member, score(scores, e));
        }
    }

    function _requireContributions(uint256 member, uint256 vote, uint256 proposals) private pure {
        unchecked {
            uint256 total = 0;
            for (uint256 j = 0; j < proposals; ++j) {
                int256 points = contribution(vote, j);
                total += uint256(points < 0 ? -points : points);
            }
            if (total > POINTS) revert ICandidateAlliance.BadContributions(member, total);
        }
    }

    /// @return vote Memory address of a copy of `size` bytes of calldata.
    function _copied(uint256 pos, uint256 size) private pure returns (uint256 vote) {
        assembly ("memory-safe") {
            vote := mload(0x40)
            mstore(0x40, add(vote, and(add(size, 31), not(31))))
            calldatacopy(vote, pos, size)
        }
    }
}
