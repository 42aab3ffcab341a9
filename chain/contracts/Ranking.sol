// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ArenaMath} from "./ArenaMath.sol";
import {Shares} from "./Shares.sol";

/// @title The best submissions of a day, kept while it is settled, and what share each gets
/// @notice Reference: `chain/rules/ranking.py`. An entry is score, place and weight, from above: entries sort as ranks
/// do.
library Ranking {
    uint256 private constant PLACE_BITS = 64;
    uint256 private constant SCORE_BITS = 96;

    /// @notice The best so far, in order, with room for `limit`.
    struct Board {
        uint256[] entries;
        uint256 count;
    }

    /// @notice Read the best so far, with room for `limit` of them.
    function load(uint256[] storage best, uint256 limit) internal view returns (Board memory board) {
        board.entries = new uint256[](limit);
        board.count = best.length;
        for (uint256 i = 0; i < board.count; ++i) board.entries[i] = best[i];
    }

    /// @notice Write them back.
    function store(uint256[] storage best, Board memory board) internal {
        uint256 known = best.length;
        for (uint256 i = 0; i < board.count; ++i) {
            if (i >= known) best.push(board.entries[i]);
            else if (best[i] != board.entries[i]) best[i] = board.entries[i];
        }
    }

    /// @notice Put a submission in its place, if there is one for it.
    function insert(Board memory board, uint256 score, uint256 place_, uint256 weightGwei) internal pure {
        uint256 entry = (score << SCORE_BITS) | (place_ << PLACE_BITS) | weightGwei;
        uint256 spot = board.count;
        if (spot == board.entries.length) {
            if (entry > board.entries[spot - 1]) return;
            --spot;
        } else {
            board.count = spot + 1;
        }
        for (; spot > 0 && board.entries[spot - 1] > entry; --spot) board.entries[spot] = board.entries[spot - 1];
        board.entries[spot] = entry;
    }

    /// @return The place that an entry names.
    function place(uint256 entry) internal pure returns (uint256) {
        return uint32(entry >> PLACE_BITS);
    }

    /// @return made The share of each, the best first, in parts of WAD.
    function shares(uint256[] memory entries, uint256 rankWad, uint256 halves)
        internal
        pure
        returns (uint256[] memory made)
    {
        made = new uint256[](entries.length);
        uint256 rank = ArenaMath.WAD;
        uint256 sum = 0;
        for (uint256 i = 0; i < made.length; ++i) {
            made[i] = rank * Shares.powered(uint64(entries[i]), halves);
            sum += made[i];
            rank = rank * rankWad / ArenaMath.WAD;
        }
        if (sum == 0) return made;
        for (uint256 i = 0; i < made.length; ++i) made[i] = made[i] * ArenaMath.WAD / sum;
    }
}
