// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Words} from "./Words.sol";

/// @title Short vectors of integers below 2^50
library Vectors {
    using Words for int256[];

    /// @notice Replace the values by their number times them less their sum: centred without a fraction.
    /// @return square Sum of the squares of what they become.
    function centre(int256[] memory values) internal pure returns (int256 square) {
        unchecked {
            int256 count = int256(values.length);
            int256 sum = 0;
            for (uint256 i = 0; i < values.length; ++i) sum += values.word(i);
            for (uint256 i = 0; i < values.length; ++i) {
                int256 value = count * values.word(i) - sum;
                values.put(i, value);
                square += value * value;
            }
        }
    }

    /// @return sum Of the products of values in the same place.
    function product(int256[] memory first, int256[] memory second) internal pure returns (int256 sum) {
        unchecked {
            for (uint256 i = 0; i < first.length; ++i) sum += first.word(i) * second.word(i);
        }
    }
}
