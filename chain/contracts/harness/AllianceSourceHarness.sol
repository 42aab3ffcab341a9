// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAllianceSource, ITaskSource} from "../ITaskSource.sol";

/// @title An Alliance's source that tells what the test says
contract AllianceSourceHarness is IAllianceSource {
    /// @inheritdoc ITaskSource
    mapping(uint256 task => uint256) public stakeWei;
    /// @notice When a round of a task was last accepted.
    mapping(uint256 task => uint256) public acceptedAt;
    /// @notice What a task was paid, in wei.
    mapping(uint256 task => uint256) public rewardWei;

    /// @notice Let a task have this stake.
    function setStake(uint256 task, uint256 amountWei) external {
        stakeWei[task] = amountWei;
    }

    /// @notice Let a round of a task have been accepted then.
    function setAccepted(uint256 task, uint256 second) external {
        acceptedAt[task] = second;
    }

    /// @inheritdoc ITaskSource
    function creatorOf(uint256) external pure returns (address) {
        return address(0);
    }

    /// @inheritdoc IAllianceSource
    function accepted(uint256 task, uint256 fromAt, uint256 untilAt) external view returns (bool) {
        return fromAt <= acceptedAt[task] && acceptedAt[task] < untilAt;
    }

    /// @inheritdoc IAllianceSource
    function onReward(uint256 task, uint256, uint256 amountWei) external {
        rewardWei[task] += amountWei;
    }
}
