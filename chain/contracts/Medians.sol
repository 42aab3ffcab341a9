// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Words} from "./Words.sol";

/// @title Weighted medians of differences of scores
/// @notice 66 of them judge twelve candidates, so this is most of what a settlement computes. Selection by partition
/// instead of sorting, and assembly, take it from 870,000 to 350,000 gas for twenty voters.
/// @dev A key is a difference, raised so that it is above 0, over a weight: keys sort as differences do.
library Medians {
    using Words for uint256[];

    uint256 private constant WEIGHT_BITS = 64;
    uint256 private constant WEIGHT = 0xFFFFFFFFFFFFFFFF;
    uint256 private constant SCORE = 0xFFFFF; // the bits of one
    uint256 private constant RAISE = 1_000_000; // Scores.WORST

    /// @notice The scores of one entry, in bits `shift`.. of `scores`, where keys have differences.
    function column(uint256[] memory scores, uint256 shift) internal pure returns (uint256[] memory values) {
        unchecked {
            values = new uint256[](scores.length);
            for (uint256 i = 0; i < scores.length; ++i) {
                values.put(i, ((scores.word(i) >> shift) & SCORE) << WEIGHT_BITS);
            }
        }
    }

    /// @return base Keys of the differences between nothing and a column `from`, with these weights.
    function negated(uint256[] memory from, uint256[] memory weights) internal pure returns (uint256[] memory base) {
        unchecked {
            base = new uint256[](from.length);
            for (uint256 i = 0; i < base.length; ++i) {
                base.put(i, (RAISE << WEIGHT_BITS) - from.word(i) + weights.word(i));
            }
        }
    }

    /// @notice Write into `keys` those of the differences that a column `to` makes with a `base`, of the same length.
    function add(uint256[] memory base, uint256[] memory to, uint256[] memory keys) internal pure {
        assembly ("memory-safe") {
            for { let place := shl(5, mload(keys)) } place { place := sub(place, 0x20) } {
                mstore(add(keys, place), add(mload(add(base, place)), mload(add(to, place))))
            }
        }
    }

    /// @notice The medians of `keys`, whose weights sum up to `weight` above 0; reorders them.
    /// @return lower The least difference such that those up to it have half of the weight.
    /// @return upper The greatest such that those from it on have.
    function select(uint256[] memory keys, uint256 weight) internal pure returns (int256 lower, int256 upper) {
        unchecked {
            (uint256 key, uint256 upTo) = _lower(keys, weight);
            lower = int256(key >> WEIGHT_BITS) - int256(RAISE);
            upper = 2 * upTo == weight ? int256(_upper(keys, weight, key >> WEIGHT_BITS)) - int256(RAISE) : lower;
        }
    }

    /// @return The least of `values`, at most 2^192, such that those up to it have half of `weight`, the sum of `weights`;
    /// 0 if there is none.
    function ofValues(uint256[] memory values, uint256[] memory weights, uint256 weight)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            if (weight == 0) return 0;
            uint256[] memory keys = new uint256[](values.length);
            for (uint256 i = 0; i < keys.length; ++i) keys.put(i, (values.word(i) << WEIGHT_BITS) | weights.word(i));
            (uint256 key,) = _lower(keys, weight);
            return key >> WEIGHT_BITS;
        }
    }

    /// @dev Quickselect: parts a shrinking range around one of its keys and goes on where half of the weight is reached.
    /// Which key follows from a hash of all, so that nobody can choose scores that make every part a bad one: the worst
    /// order of 64 voters would cost twelve times the usual one.
    /// @return key The one at which it is.
    /// @return upTo The weight of it and all lower keys, equal differences with other weights perhaps excepted.
    function _lower(uint256[] memory keys, uint256 weight) private pure returns (uint256 key, uint256 upTo) {
        assembly ("memory-safe") {
            let first := add(keys, 0x20)
            let last := add(keys, shl(5, mload(keys)))
            let chance := keccak256(first, sub(add(last, 0x20), first))
            for {} lt(first, last) {} {
                let pivot := mload(add(first, shl(5, mod(chance, add(1, shr(5, sub(last, first)))))))
                chance := shr(8, chance)
                let left := first
                let right := last
                let sum := 0 // weight of what is left of `left`
                for {} iszero(gt(left, right)) {} {
                    let low := mload(left)
                    for {} lt(low, pivot) { low := mload(left) } {
                        sum := add(sum, and(low, WEIGHT))
                        left := add(left, 0x20)
                    }
                    let high := mload(right)
                    for {} gt(high, pivot) { high := mload(right) } { right := sub(right, 0x20) }
                    if iszero(gt(left, right)) {
                        mstore(left, high)
                        mstore(right, low)
                        sum := add(sum, and(high, WEIGHT))
                        left := add(left, 0x20)
                        right := sub(right, 0x20)
                    }
                }
                // all left of `left` are at most the pivot, all right of `right` at least
                let reached := add(upTo, sum)
                switch lt(shl(1, reached), weight)
                case 1 {
                    upTo := reached
                    first := left
                }
                default {
                    // one key may lie between them, equal to the pivot: it counts in `sum` and may be the one
                    last := sub(left, 0x20)
                    if gt(sub(left, right), 0x20) {
                        let below := sub(reached, and(mload(last), WEIGHT))
                        switch lt(shl(1, below), weight)
                        case 1 {
                            upTo := below
                            first := last
                        }
                        default { last := right }
                    }
                }
            }
            key := mload(first)
            upTo := add(upTo, and(key, WEIGHT))
        }
    }

    /// @dev Where exactly half of the weight lies above the lower median, the upper one is the next difference that has
    /// any weight.
    function _upper(uint256[] memory keys, uint256 weight, uint256 lower) private pure returns (uint256 next) {
        unchecked {
            next = type(uint256).max;
            uint256 upTo = 0;
            for (uint256 i = 0; i < keys.length; ++i) {
                (uint256 difference, uint256 held) = (keys[i] >> WEIGHT_BITS, keys[i] & WEIGHT);
                if (difference <= lower) upTo += held;
                else if (held > 0 && difference < next) next = difference;
            }
            if (2 * upTo > weight) return lower;
        }
    }
}
