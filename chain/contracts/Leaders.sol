// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Draw} from "./Draw.sol";
import {IAlliance} from "./IAlliance.sol";
import {Members} from "./Members.sol";
import {Header, Task} from "./Task.sol";
import {Vrf} from "./Vrf.sol";

/// @title Whose turn it is, and what those lose who let theirs pass
library Leaders {
    using Draw for Draw.Hall;

    /// @notice Tag of the proofs that open rounds and draw proposers.
    uint8 internal constant PROPOSERS = 1;
    /// @notice Tag of the proofs that draw voters.
    uint8 internal constant VOTERS = 2;
    /// @notice Ranks of a line; after the last one's time a round can be skipped.
    uint256 internal constant MAX_LEADERS = 16;

    /// @return The hall of all members by the balances they hold.
    function hall(Task storage t, Header header) internal view returns (Draw.Hall memory) {
        uint256[] memory seats = Members.seatsHeld(t, header.members());
        return Draw.hall(seats, new uint256[](seats.length));
    }

    /// @return h The same, in which somebody must hold a seat and can lead.
    function led(Task storage t, uint256 task, Header header) internal view returns (Draw.Hall memory h) {
        h = hall(t, header);
        if (h.able == 0) revert IAlliance.TooFewMembers(task, 0, header.committee());
    }

    /// @return The rank whose turn it is in a line that began at `since`: the last one's does not end.
    function rank(uint256 since, uint256 leaderS) internal view returns (uint256) {
        if (block.timestamp <= since) return 0;
        uint256 passed = (block.timestamp - since) / leaderS;
        return passed < MAX_LEADERS ? passed : MAX_LEADERS - 1;
    }

    /// @notice Verify the proof of the leader of `rank_`.
    /// @return member The leader.
    /// @return beta Its output: the next seed.
    function verify(
        Task storage t,
        uint256 task,
        Header header,
        Draw.Hall memory among,
        uint8 tag,
        uint256 rank_,
        Vrf.Proof calldata proof
    ) internal view returns (uint256 member, bytes32 beta) {
        bytes32 seed = t.seed;
        member = among.leader(seed, tag, rank_);
        address node = t.nodes[member];
        beta = Vrf.verify(t.vrfX[node], Vrf.alpha(tag, task, uint32(header.round()), node, seed), proof);
    }

    /// @notice Take absenceBps from each leader of a rank below `ranks`, once, into the pool.
    /// @return The header after.
    function penalise(
        Task storage t,
        uint256 task,
        Header header,
        Draw.Hall memory among,
        uint256 tag,
        uint256 ranks
    ) internal returns (Header) {
        uint256[] memory absent = new uint256[](ranks);
        uint256 count;
        uint256 lost;
        for (uint256 i = 0; i < ranks; ++i) {
            uint256 member = among.leader(t.seed, tag, i);
            if (_contains(absent, count, member)) continue;
            absent[count++] = member;
            lost += Members.take(t, member, header.absenceBps());
        }
        assembly ("memory-safe") {
            mstore(absent, count)
        }
        header = header.withPool(header.poolGwei() + lost);
        emit IAlliance.LeadersAbsent(task, header.round(), absent, lost);
        return header;
    }

    function _contains(uint256[] memory list, uint256 count, uint256 value) private pure returns (bool) {
        for (uint256 i = 0; i < count; ++i) {
            if (list[i] == value) return true;
        }
        return false;
    }
}
