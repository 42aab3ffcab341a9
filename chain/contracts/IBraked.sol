// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title A token that names the emergency brake of what takes it in
interface IBraked {
    /// @notice The emergency brake; zero: none, and nothing is ever stopped.
    function brake() external view returns (address);
}
