// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IBrake} from "./IBrake.sol";

/// @title A contract that the emergency brake stops
/// @notice Where there is no brake nothing is ever stopped.
abstract contract Braked {
    /// @notice A guardian has stopped this until second `until`, unless the DAO goes on before.
    error Stopped(uint256 until);

    /// @dev The brake; zero: none.
    function _brake() internal view virtual returns (address);

    /// @dev Refuse what a pause stops.
    function _requireRunning() internal view {
        address brake = _brake();
        if (brake == address(0)) return;
        uint256 until = IBrake(brake).pausedUntil();
        if (block.timestamp < until) revert Stopped(until);
    }
}
