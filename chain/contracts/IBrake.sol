// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What a contract that can be stopped asks the brake
interface IBrake {
    /// @notice The second at which the last pause ends, or ended; 0 before the first.
    function pausedUntil() external view returns (uint48);

    /// @notice Seconds of all pauses so far: time that passes for no deadline of what they stop.
    function pausedS() external view returns (uint256);
}
