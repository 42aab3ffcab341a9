// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Menus} from "./Menus.sol";
import {Scores} from "./Scores.sol";

/// @notice The voters who revealed, one index each.
struct Panel {
    uint256[] members; // who they are
    uint256[] scores; // the word of each
    uint256[] weights; // balance of each before the settlement, in gwei
    uint256[] votes; // memory address of each one's scores and contributions
    uint256[] inTime; // 1: revealed in time, 0: late, so not paid
    uint256 weight; // sum of weights
}

/// @title What the voters of a menu say of it
/// @notice Mirrors `chain/rules/candidates.py` bit for bit.
library Judgement {
    uint256 private constant BPS = 10_000;
    int256 private constant ZERO_AT = int256(Scores.WORST); // what is added to differences of scores to sort them
    uint256 private constant WEIGHT_BITS = 64;
    uint256 private constant WEIGHT = (1 << WEIGHT_BITS) - 1;

    /// @notice M[a][b] for all pairs of the first `candidates` entries, at index a * candidates + b: the lower median,
    /// by weight, over voters of their score of b less that of a; above 0 where a is better; 0 for a = b.
    /// @dev One sort gives both directions: the lower median of the negative is the negative upper median.
    function medians(Panel memory p, uint256 candidates) internal pure returns (int256[] memory m) {
        unchecked {
            m = new int256[](candidates * candidates);
            uint256[] memory keys = new uint256[](p.scores.length + 1);
            for (uint256 a = 0; a < candidates; ++a) {
                for (uint256 b = a + 1; b < candidates; ++b) {
                    _sort(p.scores, p.weights, Scores.BITS * a, Scores.BITS * b, keys);
                    (uint256 lower, uint256 upper) = _middle(keys, p.weight);
                    m[a * candidates + b] = int256(lower) - ZERO_AT;
                    m[b * candidates + a] = ZERO_AT - int256(upper);
                }
            }
        }
    }

    /// @notice Which candidate is adopted, by the medians `m` of the panel.
    /// @return winner It.
    /// @return best The candidate whose worst comparison is best; of equal ones the default, then the lowest.
    /// @return backing Weight of those who score it better than the default.
    function decide(Panel memory p, int256[] memory m, uint256 candidates, uint256 overrideBps)
        internal
        pure
        returns (uint256 winner, uint256 best, uint256 backing)
    {
        best = Menus.DEFAULT;
        int256 most = _worst(m, candidates, best);
        for (uint256 a = 0; a < candidates; ++a) {
            int256 value = _worst(m, candidates, a);
            if (value > most) (best, most) = (a, value);
        }
        backing = better(p, best, Menus.DEFAULT);
        bool adopted = best == Menus.DEFAULT || backing * BPS >= overrideBps * p.weight;
        return (adopted ? best : Menus.DEFAULT, best, backing);
    }

    /// @return weight Of the voters that score entry `a` better than entry `b`.
    function better(Panel memory p, uint256 a, uint256 b) internal pure returns (uint256 weight) {
        for (uint256 i = 0; i < p.scores.length; ++i) {
            if (Scores.score(p.scores[i], a) < Scores.score(p.scores[i], b)) weight += p.weights[i];
        }
    }

    /// @dev The worst comparison of candidate `a`.
    function _worst(int256[] memory m, uint256 candidates, uint256 a) private pure returns (int256 value) {
        value = type(int256).max;
        for (uint256 b = 0; b < candidates; ++b) {
            if (b != a && m[a * candidates + b] < value) value = m[a * candidates + b];
        }
    }

    /// @dev Write into `keys`, behind a zero, each voter's difference of two scores with its weight, in ascending
    /// order: by insertion, 66 times for 12 candidates.
    function _sort(
        uint256[] memory scores,
        uint256[] memory weights,
        uint256 shiftA,
        uint256 shiftB,
        uint256[] memory keys
    ) private pure {
        assembly ("memory-safe") {
            let last := add(keys, 0x20) // the zero, which nothing passes
            for { let i := mload(scores) } i { i := sub(i, 1) } {
                let word := mload(add(scores, shl(5, i)))
                let key := sub(add(and(shr(shiftB, word), 0xFFFFF), 1000000), and(shr(shiftA, word), 0xFFFFF))
                key := or(shl(WEIGHT_BITS, key), mload(add(weights, shl(5, i))))
                let pos := last
                let other := mload(pos)
                for {} gt(other, key) {} {
                    mstore(add(pos, 0x20), other)
                    pos := sub(pos, 0x20)
                    other := mload(pos)
                }
                mstore(add(pos, 0x20), key)
                last := add(last, 0x20)
            }
        }
    }

    /// @return lower The least difference such that those up to it have half of `weight`.
    /// @return upper The greatest such that those from it on have.
    function _middle(uint256[] memory keys, uint256 weight) private pure returns (uint256 lower, uint256 upper) {
        unchecked {
            uint256 sum = 0;
            uint256 i = 0;
            while (2 * sum < weight) sum += keys[++i] & WEIGHT;
            lower = keys[i] >> WEIGHT_BITS;
            (sum, i) = (0, keys.length);
            while (2 * sum < weight) sum += keys[--i] & WEIGHT;
            upper = keys[i] >> WEIGHT_BITS;
        }
    }
}
