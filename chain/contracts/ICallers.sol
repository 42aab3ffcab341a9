// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Who has paid for calls
interface ICallers {
    /// @notice What `payer` has paid for calls of a model in all, by vouchers and by authorizations, in wei.
    function spentWei(uint256 model, address payer) external view returns (uint256);
}
