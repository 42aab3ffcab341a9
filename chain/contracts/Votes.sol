// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Batches} from "./Batches.sol";
import {Cursor, FastBatches} from "./FastBatches.sol";
import {IAlliance} from "./IAlliance.sol";
import {Messages} from "./Messages.sol";
import {Nibbles} from "./Nibbles.sol";
import {Roster} from "./Roster.sol";
import {Ballot, Ballots, Header, Task} from "./Task.sol";

/// @title Reading the votes of the published rule
/// @notice The format is documented in IMajorityAlliance.
library Votes {
    using Messages for Messages.Frame;
    using Nibbles for uint256[];

    uint256 private constant VOTE_BYTES = 74;
    uint256 private constant SIGNATURE = 10; // after member and scores
    uint256 private constant SCORE_ONE = 1_000_000;
    uint256 private constant BPS = 10_000;

    uint256 private constant VOTED_YES = uint256(IAlliance.Standing.VOTED_YES);
    uint256 private constant LATE = uint256(IAlliance.Standing.LATE);
    uint256 private constant LATE_YES = uint256(IAlliance.Standing.LATE_YES);

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
        bytes32 motion,
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
        k.frame.put(3, uint256(motion));
        bytes32 listHash;
        (listHash, open) = _read(t, h.round(), k, votes);
        listed = listHash == 0 || k.listEnd > list;
        if (listed) listHash = FastBatches.hash(list, k.listEnd);
        ballot.requireDigest(task, Ballots.digestOf(motion, listHash));
        standings = k.standings;
    }

    function _read(Task storage t, uint256 round, Cursor memory k, bytes calldata votes)
        private
        view
        returns (bytes32 listHash, uint256 open)
    {
        for (FastBatches.votes(k); k.pos < k.end; FastBatches.votes(k)) {
            uint256 tag = FastBatches.load(k.pos) >> 240;
            uint256 size = tag & Batches.BARE != 0 ? Batches.PAIR_BYTES : VOTE_BYTES;
            if (k.pos + size > k.end) revert IAlliance.BadBatch(votes.length);
            if (tag == Batches.LIST) listHash = bytes32(FastBatches.load(k.pos + 2));
            else if (tag & Batches.BARE != 0) open += Batches.bare(k, tag & Batches.MEMBER, votes.length);
            else _vote(t, round, k, tag, votes.length);
            k.pos += size;
        }
    }

    /// @dev Record one vote, unless it only fills the list or is here already.
    function _vote(Task storage t, uint256 round, Cursor memory k, uint256 tag, uint256 length) private view {
        uint256 member = tag & Batches.MEMBER;
        uint256 standing = Batches.countsAs(t, round, k, tag, k.pos + SIGNATURE, length);
        if (standing == 0) return;
        uint256 head = FastBatches.load(k.pos);
        (uint256 scoreOld, uint256 scoreNew) = (uint32(head >> 208), uint32(head >> 176));
        if (scoreOld > SCORE_ONE) revert IAlliance.BadScore(member, scoreOld);
        if (scoreNew > SCORE_ONE) revert IAlliance.BadScore(member, scoreNew);
        k.frame.put(4, scoreOld);
        k.frame.put(5, scoreNew);
        Batches.requireSigned(k, 6, member, k.pos + SIGNATURE);
        bool yes = scoreNew * BPS >= scoreOld * (BPS - k.toleranceBps);
        k.standings.set(member, (standing == LATE ? LATE_YES : VOTED_YES) + (yes ? 0 : 1));
    }
}
