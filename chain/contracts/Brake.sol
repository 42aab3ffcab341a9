// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IBrake} from "./IBrake.sol";

/// @title The emergency brake
/// @notice A guardian may stop what brings money in or mints it, for `PAUSE_S` at most, and nothing else: not what lets
/// money out, and not the DAO, which can end a pause and name another guardian. From the beginning of a pause on the
/// guardian cannot begin another for `REST_S`, though the DAO end it, so that it cannot stop the system for good; who is
/// named guardian begins rested.
contract Brake is IBrake {
    /// @notice Seconds that a pause lasts at most: long enough for the DAO to decide.
    uint256 public constant PAUSE_S = 14 days;
    /// @notice Seconds after a pause has begun in which the guardian cannot begin another.
    uint256 public constant REST_S = 28 days;

    /// @notice The DAO's timelock.
    address public immutable dao;
    /// @notice Who may pause.
    address public guardian;
    /// @notice The second at which the last pause began.
    uint48 public pausedAt;
    /// @inheritdoc IBrake
    uint48 public pausedUntil;
    /// @notice The second from which the guardian may pause.
    uint48 public restsUntil;
    uint48 private _formerS; // seconds of the pauses before the last one

    /// @notice The guardian has paused.
    event Paused(address indexed guardian, uint256 until);
    /// @notice The DAO has ended a pause.
    event Resumed();
    /// @notice The guardian is `guardian` now; nobody where it is zero.
    event GuardianSet(address indexed guardian);

    /// @notice `caller` may not do this, `needed` may.
    error NotAllowed(address caller, address needed);
    /// @notice The guardian has paused already, and may again from second `fromAt` on.
    error Resting(uint256 fromAt);

    constructor(address dao_, address guardian_) {
        dao = dao_;
        _setGuardian(guardian_);
    }

    /// @notice Pause; only the guardian.
    function pause() external {
        if (msg.sender != guardian) revert NotAllowed(msg.sender, guardian);
        if (block.timestamp < restsUntil) revert Resting(restsUntil);
        _formerS = uint48(pausedS()); // a guardian named in a pause may begin the next before it is over
        pausedAt = uint48(block.timestamp);
        (pausedUntil, restsUntil) = (uint48(block.timestamp + PAUSE_S), uint48(block.timestamp + REST_S));
        emit Paused(msg.sender, pausedUntil);
    }

    /// @notice End a pause; only the DAO.
    function resume() external {
        if (msg.sender != dao) revert NotAllowed(msg.sender, dao);
        if (paused()) pausedUntil = uint48(block.timestamp);
        emit Resumed();
    }

    /// @notice Name another guardian, or nobody, or the same anew; only the DAO.
    function setGuardian(address guardian_) external {
        if (msg.sender != dao) revert NotAllowed(msg.sender, dao);
        _setGuardian(guardian_);
    }

    /// @notice Whether there is a pause now.
    function paused() public view returns (bool) {
        return block.timestamp < pausedUntil;
    }

    /// @inheritdoc IBrake
    function pausedS() public view returns (uint256) {
        return _formerS + Math.min(block.timestamp, pausedUntil) - pausedAt;
    }

    function _setGuardian(address guardian_) private {
        (guardian, restsUntil) = (guardian_, 0);
        emit GuardianSet(guardian_);
    }
}
