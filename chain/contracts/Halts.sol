// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Braked} from "./Braked.sol";
import {IBrake} from "./IBrake.sol";
import {IBraked} from "./IBraked.sol";

/// @title What holds a token
interface IHolder {
    /// @notice The token.
    function fml() external view returns (address);
}

/// @title What a pause stops of an Alliance: whatever takes the token in
/// @notice The Alliance itself has neither a brake nor room for one: its token names it, and its libraries, which work at its
/// address, ask that. No step of a round does.
library Halts {
    /// @notice Refuse in a pause.
    function requireRunning() internal view {
        address brake = IBraked(IHolder(address(this)).fml()).brake();
        if (brake == address(0)) return;
        uint256 until = IBrake(brake).pausedUntil();
        if (block.timestamp < until) revert Braked.Stopped(until);
    }
}
