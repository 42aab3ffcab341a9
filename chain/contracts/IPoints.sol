// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What a consortium does with points; it reverts where it does not do it
interface IPoints {
    /// @notice Create `amountWei` for `account`; only `MINTER_ROLE`.
    function mint(address account, uint256 amountWei) external;
}
