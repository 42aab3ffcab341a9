// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title How a day's release is split; the reference is `chain/rules/emission.py`
/// @notice Stakes are whole gwei, at most `MAX_STAKE_GWEI` each; every division rounds down.
library Shares {
    /// @notice All FML there can be, in gwei.
    uint256 internal constant MAX_STAKE_GWEI = 1_000_000_000e9;
    /// @notice The power of the stake, in halves, is at most this.
    uint256 internal constant MAX_HALVES = 4;
    /// @notice What of 100 a task's powered stake counts without gauge votes, and at most.
    uint256 internal constant WHOLE = 100;
    uint256 internal constant MAX_PERCENT = 200;
    /// @notice Ten thousand basis points are one.
    uint256 internal constant BPS = 10_000;

    /// @return What the DAO's factor leaves of an amount.
    function lowered(uint256 amountWei, uint256 factorBps) internal pure returns (uint256) {
        return amountWei * factorBps / BPS;
    }

    /// @return arenaWei What the Arena's tasks earn of `totalWei`.
    /// @return allianceWei What the Alliance's tasks earn of it; what is left of the total nobody earns.
    function split(uint256 totalWei, uint256 arenaGwei, uint256 allianceGwei)
        internal
        pure
        returns (uint256 arenaWei, uint256 allianceWei)
    {
        uint256 staked = arenaGwei + allianceGwei;
        if (staked == 0) return (0, 0);
        return (totalWei * arenaGwei / staked, totalWei * allianceGwei / staked);
    }

    /// @return stake^(halves / 2) of whole gwei, at most 1e36; 0 where there is no stake, whatever the power.
    function powered(uint256 stakeGwei, uint256 halves) internal pure returns (uint256) {
        if (stakeGwei == 0 || halves == 2) return stakeGwei;
        return Math.sqrt(stakeGwei ** halves);
    }

    /// @return A powered stake by its gauge votes, in hundredths, at most 2e38: nothing is rounded.
    function weighed(uint256 stakeGwei, uint256 halves, uint256 percent) internal pure returns (uint256) {
        return powered(stakeGwei, halves) * percent;
    }

    /// @return What one task earns of what its kind shares; 0 where no task has stake.
    function taskShare(uint256 totalWei, uint256 taskPowered, uint256 sumPowered) internal pure returns (uint256) {
        return sumPowered == 0 ? 0 : totalWei * taskPowered / sumPowered;
    }
}
