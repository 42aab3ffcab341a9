// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What the emission asks a contract whose tasks it pays: the Arena, or an Alliance's source
interface ITaskSource {
    /// @notice Everything staked in a task now, in wei: by creator, nodes, validators and delegators. Zero when the task is
    /// not known, not running yet or over.
    function stakeWei(uint256 task) external view returns (uint256);

    /// @notice Who created a task, and cannot vote for its gauge; nobody's where the task is not known.
    function creatorOf(uint256 task) external view returns (address);
}

/// @title What it asks and tells beyond that where the source is not the market itself
interface IAllianceSource is ITaskSource {
    /// @notice Whether a round of the task was accepted at a second t, fromAt <= t < untilAt.
    function accepted(uint256 task, uint256 fromAt, uint256 untilAt) external view returns (bool);

    /// @notice `amountWei`, whole gwei, the task's share of day `day` of the emission, has just been sent here; only the
    /// emission calls it, once for each task and day.
    function onReward(uint256 task, uint256 day, uint256 amountWei) external;
}
