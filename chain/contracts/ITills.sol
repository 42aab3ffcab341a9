// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Where models are paid
interface ITills {
    /// @notice The address at which what a model earns is collected and split.
    function tillOf(uint256 model) external view returns (address);
}
