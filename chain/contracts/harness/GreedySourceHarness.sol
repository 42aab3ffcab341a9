// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IEmission} from "../IEmission.sol";
import {IAllianceSource, ITaskSource} from "../ITaskSource.sol";

/// @title An Alliance's source that draws again while it is being paid
contract GreedySourceHarness is IAllianceSource {
    IEmission private immutable _emission;

    /// @notice How often it was paid.
    uint256 public tries;

    /// @param emission What pays it.
    constructor(IEmission emission) {
        _emission = emission;
    }

    /// @inheritdoc IAllianceSource
    function onReward(uint256 task, uint256 day, uint256) external {
        ++tries;
        try _emission.draw(address(this), task, day) {
            revert("drawn twice");
        } catch {}
    }

    /// @inheritdoc ITaskSource
    function stakeWei(uint256) external pure returns (uint256) {
        return 1_000 ether;
    }

    /// @inheritdoc ITaskSource
    function creatorOf(uint256) external pure returns (address) {
        return address(0);
    }

    /// @inheritdoc IAllianceSource
    function accepted(uint256, uint256, uint256) external pure returns (bool) {
        return true;
    }
}
