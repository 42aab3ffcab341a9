// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Those whose documents a model answers with
interface IContributors {
    /// @notice Whether a model has any accepted document.
    function hasAny(uint256 model) external view returns (bool);

    /// @notice Take note that a model's contributors were sent `amountWei`; only Revenue.
    function onShare(uint256 model, uint256 amountWei) external;
}
