// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Agreement} from "./Agreement.sol";
import {Panel} from "./Judgement.sol";
import {Medians} from "./Medians.sol";
import {Menus} from "./Menus.sol";
import {Scores} from "./Scores.sol";
import {Words} from "./Words.sol";

/// @title How good voters' scores were
/// @notice Mirrors `chain/rules/pay.py` bit for bit, and is explained there.
/// @dev A prior is one word: from the lowest bit the number of candidates 8, then for each of them but the old model by
/// how much the median voter found it better, 21 each (two's complement).
library Quality {
    using Words for int256[];
    using Words for uint256[];

    uint256 private constant PPM = 1_000_000;
    uint256 private constant STRAY_LIMIT = 3;
    uint256 private constant MIN_COMPARED = 3;
    uint256 private constant AGREEMENT_SHIFT = 3; // an average goes an eighth of the way to the new value
    uint256 private constant COUNT_BITS = 8;
    uint256 private constant IMPROVEMENT_BITS = 21;
    uint256 private constant IMPROVEMENT = (1 << IMPROVEMENT_BITS) - 1;

    /// @notice The quality of each voter, 0..10^12: nearness to the median improvements times the square of the average
    /// agreement. Notes nearness in the panel, and brings its average agreements up to date.
    /// @param m Medians of the panel, see Judgement.
    function qualities(Panel memory p, int256[] memory m, uint256 candidates, uint256 prior)
        internal
        pure
        returns (uint256[] memory q)
    {
        uint256[] memory strays = _strays(p.scores, m, candidates);
        uint256 usual = Medians.ofValues(strays, p.weights, p.weight);
        (uint256 compared, int256[] memory expected) = unpack(prior);
        if (compared == candidates && expected.length >= MIN_COMPARED) {
            int256 limit = int256(STRAY_LIMIT * usual / expected.length + 1);
            int256[] memory current = Agreement.agreements(p.scores, p.weights, p.weight, m, expected, limit);
            for (uint256 i = 0; i < current.length; ++i) {
                p.agreements[i] += (current[i] - p.agreements[i]) >> AGREEMENT_SHIFT;
            }
        }
        q = _squares(p.agreements);
        p.near = new uint256[](q.length);
        for (uint256 i = 0; i < q.length; ++i) {
            uint256 near = PPM * (2 * usual + 1) / (strays[i] + 1);
            p.near[i] = near < PPM ? near : PPM;
            q[i] = p.near[i] * q[i] / PPM;
        }
    }

    /// @return prior What the next round's voters expect, after medians `m`.
    function nextPrior(int256[] memory m, uint256 candidates) internal pure returns (uint256 prior) {
        for (uint256 a = candidates - 1; a > 0; --a) {
            prior = (prior << IMPROVEMENT_BITS) | (uint256(m[a * candidates]) & IMPROVEMENT);
        }
        return (prior << COUNT_BITS) | candidates;
    }

    /// @return candidates How many the prior is about; 0: there is none.
    /// @return improvements Of each of them but the old model over that.
    function unpack(uint256 prior) internal pure returns (uint256 candidates, int256[] memory improvements) {
        candidates = uint8(prior);
        improvements = new int256[](candidates == 0 ? 0 : candidates - 1);
        prior >>= COUNT_BITS;
        for (uint256 i = 0; i < improvements.length; ++i) {
            uint256 unused = 256 - IMPROVEMENT_BITS;
            improvements[i] = int256(prior << unused) >> unused;
            prior >>= IMPROVEMENT_BITS;
        }
    }

    /// @dev How far each voter's improvements over the old model are from the median ones, summed over candidates.
    function _strays(uint256[] memory scores, int256[] memory m, uint256 candidates)
        private
        pure
        returns (uint256[] memory strays)
    {
        unchecked {
            strays = new uint256[](scores.length);
            for (uint256 i = 0; i < strays.length; ++i) {
                uint256 word = scores.word(i);
                int256 old = int256(Scores.score(word, Menus.OLD));
                uint256 stray = 0;
                for (uint256 a = 1; a < candidates; ++a) {
                    int256 off = old - int256(Scores.score(word, a)) - m.word(a * candidates);
                    stray += uint256(off < 0 ? -off : off);
                }
                strays.put(i, stray);
            }
        }
    }

    /// @dev The squares of those above 0; if there is none, the same for all.
    function _squares(int256[] memory agreements) private pure returns (uint256[] memory squares) {
        squares = new uint256[](agreements.length);
        bool any = false;
        for (uint256 i = 0; i < squares.length; ++i) {
            if (agreements[i] <= 0) continue;
            squares[i] = uint256(agreements[i] * agreements[i]);
            any = true;
        }
        for (uint256 i = 0; !any && i < squares.length; ++i) squares[i] = PPM;
    }
}
