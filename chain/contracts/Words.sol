// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Arrays in memory, read and written without asking whether the index is inside
/// @notice For inner loops whose bounds are the arrays' own lengths. Saves 60 gas an access.
library Words {
    /// @return value Word `i` of `words`, which have it.
    function word(uint256[] memory words, uint256 i) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(add(words, 0x20), shl(5, i)))
        }
    }

    /// @return value Word `i` of `words`, which have it.
    function word(int256[] memory words, uint256 i) internal pure returns (int256 value) {
        assembly ("memory-safe") {
            value := mload(add(add(words, 0x20), shl(5, i)))
        }
    }

    /// @notice Write word `i` of `words`, which have it.
    function put(uint256[] memory words, uint256 i, uint256 value) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(words, 0x20), shl(5, i)), value)
        }
    }

    /// @notice Write word `i` of `words`, which have it.
    function put(int256[] memory words, uint256 i, int256 value) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(words, 0x20), shl(5, i)), value)
        }
    }
}
