// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Medians} from "./Medians.sol";
import {Menus} from "./Menus.sol";
import {Scores} from "./Scores.sol";
import {Vectors} from "./Vectors.sol";
import {Words} from "./Words.sol";

/// @title How much voters agree on what nobody could have expected
/// @notice Mirrors `_news`, `_orders` and `_agreements` of `chain/rules/pay.py` bit for bit, and is explained there.
/// `n` is the number of candidates but the old model; a *view* is a voter's improvement over it by each of them.
library Agreement {
    using Vectors for int256[];
    using Words for int256[];
    using Words for uint256[];

    int256 private constant PPM = 1_000_000;
    uint256 private constant HALF = 64; // bits below those of the second half of a pair of masks
    uint256 private constant LOW = (1 << HALF) - 1;
    // For counting bits: pairs, fours, bytes of both halves, and a 1 in each byte of a half.
    uint256 private constant TWOS = 0x55555555555555555555555555555555;
    uint256 private constant FOURS = 0x33333333333333333333333333333333;
    uint256 private constant BYTES = 0x0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F;
    uint256 private constant SUM = 0x0101010101010101;

    /// @notice Each voter's agreement with the others in this round, from -1,000,000 to 1,000,000.
    /// @param scores Of each voter, in one word.
    /// @param m Medians, see Judgement.
    /// @param expected What the last round would make anybody expect of each candidate but the old model.
    /// @param limit How far from the median improvement a voter's is taken at its word.
    function agreements(
        uint256[] memory scores,
        uint256[] memory weights,
        uint256 weight,
        int256[] memory m,
        int256[] memory expected,
        int256 limit
    ) internal pure returns (int256[] memory) {
        uint256 n = expected.length;
        int256 square = expected.centre();
        int256[][] memory gaps = new int256[][](scores.length);
        uint256[] memory sizes = new uint256[](scores.length);
        for (uint256 i = 0; i < scores.length; ++i) {
            int256[] memory own = _view(scores[i], m, n, limit);
            own.centre();
            _takeOff(own, expected, square);
            (gaps[i], sizes[i]) = _gaps(own);
        }
        uint256 usual = Medians.ofValues(sizes, weights, weight);
        uint256[] memory masks = new uint256[](scores.length);
        for (uint256 i = 0; i < scores.length; ++i) masks[i] = _order(gaps[i], usual);
        return _compare(masks, weights, weight, n * (n - 1) / 2);
    }

    /// @dev A voter's improvements, no further than `limit` from the median ones.
    function _view(uint256 scores, int256[] memory m, uint256 n, int256 limit)
        private
        pure
        returns (int256[] memory own)
    {
        unchecked {
            own = new int256[](n);
            int256 old = int256(Scores.score(scores, Menus.OLD));
            for (uint256 a = 1; a <= n; ++a) {
                int256 median = m.word(a * (n + 1));
                int256 off = old - int256(Scores.score(scores, a)) - median;
                off = off > limit ? limit : off < -limit ? -limit : off;
                own.put(a - 1, median + off);
            }
        }
    }

    /// @dev Take off `own` the multiple of `expected`, whose square is `square`, that fits it best.
    function _takeOff(int256[] memory own, int256[] memory expected, int256 square) private pure {
        unchecked {
            if (square == 0) return;
            int256 along = own.product(expected);
            for (uint256 i = 0; i < own.length; ++i) {
                own.put(i, own.word(i) - along * expected.word(i) / square); // truncates
            }
        }
    }

    /// @dev The differences of all pairs, in lexicographic order, and the sum of their sizes. Assembly, as below: there
    /// are 55 pairs of eleven candidates for every voter.
    function _gaps(int256[] memory own) private pure returns (int256[] memory gaps, uint256 size) {
        gaps = new int256[](own.length * (own.length - 1) / 2);
        assembly ("memory-safe") {
            let to := add(gaps, 0x20)
            let last := add(own, shl(5, mload(own)))
            for { let a := add(own, 0x20) } lt(a, last) {} {
                let first := mload(a)
                a := add(a, 0x20)
                for { let b := a } iszero(gt(b, last)) { b := add(b, 0x20) } {
                    let gap := sub(first, mload(b))
                    let sign := sar(255, gap) // all ones below zero: the size is the complement and one
                    size := add(size, sub(xor(gap, sign), sign))
                    mstore(to, gap)
                    to := add(to, 0x20)
                }
            }
        }
    }

    /// @dev The pairs that a voter orders: a bit for each, and in the upper half one for each whose first is better.
    /// What is less than half the usual voter's mean difference orders nothing.
    function _order(int256[] memory gaps, uint256 usual) private pure returns (uint256 mask) {
        // 2 * count * |gap| > usual if and only if |gap| > usual / (2 * count), rounded down
        uint256 least = usual / (2 * gaps.length);
        assembly ("memory-safe") {
            let ordered := 0
            let upward := 0
            for { let place := add(gaps, shl(5, mload(gaps))) } gt(place, gaps) { place := sub(place, 0x20) } {
                let gap := mload(place)
                let up := sgt(gap, least)
                ordered := or(shl(1, ordered), or(up, slt(gap, sub(0, least))))
                upward := or(shl(1, upward), up)
            }
            mask := or(ordered, shl(HALF, upward))
        }
    }

    /// @dev Each voter's mean agreement over the weight of the others. Equal masks are one source, which does not
    /// confirm itself unless it holds more than half of the weight.
    function _compare(uint256[] memory masks, uint256[] memory weights, uint256 weight, uint256 pairs)
        private
        pure
        returns (int256[] memory agreed)
    {
        unchecked {
            agreed = new int256[](masks.length);
            uint256[] memory same = new uint256[](masks.length);
            for (uint256 i = 0; i < masks.length; ++i) {
                uint256 own = masks.word(i);
                for (uint256 j = i + 1; j < masks.length; ++j) {
                    if (masks.word(j) == own) {
                        same.put(i, same.word(i) + weights.word(j));
                        same.put(j, same.word(j) + weights.word(i));
                    } else {
                        int256 alike = _alike(own, masks.word(j));
                        agreed.put(i, agreed.word(i) + int256(weights.word(j)) * alike);
                        agreed.put(j, agreed.word(j) + int256(weights.word(i)) * alike);
                    }
                }
            }
            for (uint256 i = 0; i < masks.length; ++i) {
                (uint256 others, uint256 own) = (weight - weights[i], masks[i]);
                if (others == 0) continue;
                if (2 * (same[i] + weights[i]) > weight) agreed[i] += int256(same[i]) * _alike(own, own);
                agreed[i] = PPM * agreed[i] / int256(others * pairs); // truncates
            }
        }
    }

    /// @return How many pairs two voters order alike, less how many they order differently.
    function _alike(uint256 first, uint256 second) private pure returns (int256) {
        unchecked {
            uint256 both = first & second & LOW;
            uint256 bits = both | ((((first ^ second) >> HALF) & both) << HALF);
            bits -= (bits >> 1) & TWOS;
            bits = (bits & FOURS) + ((bits >> 2) & FOURS);
            bits = (bits + (bits >> 4)) & BYTES;
            uint256 ordered = ((bits & LOW) * SUM) >> 56 & 0xFF;
            uint256 differing = ((bits >> HALF) * SUM) >> 56 & 0xFF;
            return int256(ordered) - 2 * int256(differing);
        }
    }
}
