// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Words of 64 four-bit values, worked on all at once
library Nibbles {
    uint256 internal constant ONES = 0x1111111111111111111111111111111111111111111111111111111111111111;
    uint256 private constant PAIRS = 0x0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F;
    uint256 private constant BYTES = 0x0101010101010101010101010101010101010101010101010101010101010101;

    /// @return The value at `index` of `words`.
    function get(uint256[] memory words, uint256 index) internal pure returns (uint256) {
        return (words[index >> 6] >> ((index & 63) << 2)) & 15;
    }

    /// @notice Write `value` (0..15) at `index` of `words`.
    function set(uint256[] memory words, uint256 index, uint256 value) internal pure {
        uint256 shift = (index & 63) << 2;
        words[index >> 6] = (words[index >> 6] & ~(uint256(15) << shift)) | (value << shift);
    }

    /// @return 1 in each place that is not zero in `word`.
    function nonZero(uint256 word) internal pure returns (uint256) {
        return (word | (word >> 1) | (word >> 2) | (word >> 3)) & ONES;
    }

    /// @return 1 in each place that holds `value` in `word`.
    function equal(uint256 word, uint256 value) internal pure returns (uint256) {
        return nonZero(word ^ (value * ONES)) ^ ONES;
    }

    /// @return How many places are 1 in `flags`, whose places are 0 or 1.
    function count(uint256 flags) internal pure returns (uint256) {
        unchecked {
            return (((flags + (flags >> 4)) & PAIRS) * BYTES) >> 248;
        }
    }

    /// @return total How many places of all `words` hold `value`, which is not 0.
    function countEqual(uint256[] memory words, uint256 value) internal pure returns (uint256 total) {
        for (uint256 i = 0; i < words.length; ++i) {
            total += count(equal(words[i], value));
        }
    }

    /// @return words The first words of `stored` that cover `length` values.
    function load(uint256[16] storage stored, uint256 length) internal view returns (uint256[] memory words) {
        words = new uint256[]((length + 63) >> 6);
        for (uint256 i = 0; i < words.length; ++i) {
            words[i] = stored[i];
        }
    }

    /// @notice Write `words` back.
    function store(uint256[16] storage stored, uint256[] memory words) internal {
        for (uint256 i = 0; i < words.length; ++i) {
            stored[i] = words[i];
        }
    }
}
