// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Four-bit values, 60 to a word, worked on a word at a time
/// @notice 60 and not 64, so that a word holds whole groups of five, as many as balances share a slot.
library Nibbles {
    /// @notice Values in a word.
    uint256 internal constant PER_WORD = 60;

    /// @notice 1 in each of the 60 places.
    uint256 internal constant ONES = 0x0000111111111111111111111111111111111111111111111111111111111111;

    uint256 private constant PAIRS = 0x00000F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F;
    uint256 private constant BYTES = 0x0101010101010101010101010101010101010101010101010101010101010101;

    /// @return How many words hold `length` values.
    function wordsFor(uint256 length) internal pure returns (uint256) {
        unchecked {
            return (length + PER_WORD - 1) / PER_WORD;
        }
    }

    /// @return value Word `i` of `words`, which have it.
    function word(uint256[] memory words, uint256 i) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(add(words, 0x20), shl(5, i)))
        }
    }

    /// @return value The value at `index`, which `words` cover.
    function get(uint256[] memory words, uint256 index) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            let place := add(add(words, 0x20), shl(5, div(index, PER_WORD)))
            value := and(shr(shl(2, mod(index, PER_WORD)), mload(place)), 15)
        }
    }

    /// @notice Write `value` (0..15) at `index`, which `words` cover.
    function set(uint256[] memory words, uint256 index, uint256 value) internal pure {
        assembly ("memory-safe") {
            let place := add(add(words, 0x20), shl(5, div(index, PER_WORD)))
            let shift := shl(2, mod(index, PER_WORD))
            mstore(place, or(and(mload(place), not(shl(shift, 15))), shl(shift, value)))
        }
    }

    /// @return 1 in each place that is not zero in `values`.
    function nonZero(uint256 values) internal pure returns (uint256) {
        return (values | (values >> 1) | (values >> 2) | (values >> 3)) & ONES;
    }

    /// @return 1 in each place that holds `value` in `values`.
    function equal(uint256 values, uint256 value) internal pure returns (uint256) {
        unchecked {
            return nonZero(values ^ (value * ONES)) ^ ONES;
        }
    }

    /// @return How many places are 1 in `flags`, whose places are 0 or 1.
    function count(uint256 flags) internal pure returns (uint256) {
        unchecked {
            return (((flags + (flags >> 4)) & PAIRS) * BYTES) >> 248;
        }
    }

    /// @return total How many places of all `words` hold `value`, which is not 0.
    function countEqual(uint256[] memory words, uint256 value) internal pure returns (uint256 total) {
        unchecked {
            for (uint256 i = 0; i < words.length; ++i) {
                total += count(equal(word(words, i), value));
            }
        }
    }

    /// @return words The first words of `stored` that cover `length` values.
    function load(uint256[18] storage stored, uint256 length) internal view returns (uint256[] memory words) {
        assembly ("memory-safe") {
            words := mload(0x40)
            let size := div(add(length, sub(PER_WORD, 1)), PER_WORD)
            mstore(words, size)
            mstore(0x40, add(add(words, 0x20), shl(5, size)))
            for { let i := 0 } lt(i, size) { i := add(i, 1) } {
                mstore(add(add(words, 0x20), shl(5, i)), sload(add(stored.slot, i)))
            }
        }
    }

    /// @notice Write `words` back.
    function store(uint256[18] storage stored, uint256[] memory words) internal {
        assembly ("memory-safe") {
            for { let i := mload(words) } i {} {
                sstore(add(stored.slot, sub(i, 1)), mload(add(words, shl(5, i))))
                i := sub(i, 1)
            }
        }
    }
}
