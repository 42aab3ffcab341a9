// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ArenaMath} from "./ArenaMath.sol";
import {Medians} from "./Medians.sol";
import {Words} from "./Words.sol";

/// @title What validators together say of one submission, and how near each of them is to it
/// @notice References: `chain/rules/arena_consensus.py` and `arena_pay.fits`.
/// @dev Arrays are a column's: as long as there are scores of the submission, at least one. Weights are whole gwei
/// above 0.
library ArenaConsensus {
    using Words for uint256[];

    /// @notice The score of what is refused.
    uint256 internal constant WORST = type(uint32).max;

    uint256 private constant MAX_SPREADS = 3;
    uint256 private constant SCORE_ONE = 1e6;
    uint256 private constant WEIGHT_BITS = 64;
    uint256 private constant RAISE = 1_000_000; // by which Medians' keys stand above the differences it returns

    /// @notice The mean of `scores` clipped to three spreads around their median, or WORST if that is.
    /// @param keys As many words, whatever is in them.
    /// @param weight The sum of `weights`.
    function consensus(uint256[] memory scores, uint256[] memory weights, uint256[] memory keys, uint256 weight)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            uint256 n = scores.length;
            for (uint256 i = 0; i < n; ++i) {
                keys.put(i, ((scores.word(i) + RAISE) << WEIGHT_BITS) | weights.word(i));
            }
            uint256 median = _median(keys, weight);
            if (median == WORST) return WORST;
            for (uint256 i = 0; i < n; ++i) {
                keys.put(i, ((_distance(scores.word(i), median) + RAISE) << WEIGHT_BITS) | weights.word(i));
            }
            uint256 reach = MAX_SPREADS * _median(keys, weight);
            uint256 low = median > reach ? median - reach : 0;
            uint256 high = median + reach;
            uint256 sum = 0;
            for (uint256 i = 0; i < n; ++i) {
                uint256 score = scores.word(i);
                if (score < low) score = low;
                else if (score > high) score = high;
                sum += score * weights.word(i);
            }
            return sum / weight;
        }
    }

    /// @notice Write into `fits` what part of one each validator gets for being near `agreed`: together at most WAD.
    /// @param powers Of their weights.
    function fit(
        uint256[] memory scores,
        uint256 agreed,
        uint256[] memory powers,
        uint256 decayWad,
        uint256[] memory fits
    ) internal pure {
        unchecked {
            uint256 n = scores.length;
            uint256 sum = 0;
            uint256 distance = type(uint256).max;
            uint256 decayed = 0;
            for (uint256 i = 0; i < n; ++i) {
                uint256 found = _distance(scores.word(i), agreed);
                if (found != distance) {
                    // neighbours often agree
                    distance = found;
                    decayed = ArenaMath.expNeg(decayWad * found / SCORE_ONE);
                }
                uint256 share = decayed * powers.word(i);
                fits.put(i, share);
                sum += share;
            }
            for (uint256 i = 0; i < n; ++i) fits.put(i, sum == 0 ? 0 : fits.word(i) * ArenaMath.WAD / sum);
        }
    }

    function _median(uint256[] memory keys, uint256 weight) private pure returns (uint256) {
        (int256 lower,) = Medians.select(keys, weight);
        return uint256(lower);
    }

    function _distance(uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            return a < b ? b - a : a - b;
        }
    }
}
