// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What each day releases: floor(E0 * .99^floor(day / 30)) wei in 60 months of 30 days
/// @notice E0 = P (1 - .99) / (30 (1 - .99^60)), P = 420,000,000 FML: 309,157.68 FML a day at first, P in all, less 1,080 wei.
/// `chain/rules/emission.py` has the exact rational; a test compares all 60 months.
library Schedule {
    /// @notice Days after which nothing is released any more.
    uint256 internal constant DAYS = MONTHS * DAYS_A_MONTH;

    uint256 private constant MONTHS = 60;
    uint256 private constant DAYS_A_MONTH = 30;
    /// @dev floor(E0 * 2^128): enough digits that rounding down 59 times never loses a wei.
    uint256 private constant FIRST_X128 = 105_200_905_718_131_005_689_417_940_801_878_732_636_535_113_563_972_067_150_625_857;

    /// @return What day `day` releases, in wei, rounded down; 0 from day 1,800 on.
    function dailyWei(uint256 day) internal pure returns (uint256) {
        if (day >= DAYS) return 0;
        uint256 x = FIRST_X128;
        for (uint256 month = day / DAYS_A_MONTH; month > 0; --month) {
            x = x * 99 / 100;
        }
        return x >> 128;
    }
}
