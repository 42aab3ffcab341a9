// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The Arena's integers; the references are `chain/rules/{exponential,assignment,locks,ranking,delegation}.py`
/// @notice Parts of `WAD`; stakes are whole gwei, below 2^62. Everything rounds down.
library ArenaMath {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant BPS = 10_000;

    uint256 private constant GWEI = 1e9;
    uint256 private constant MAX_X_WAD = 60e18;

    /// @return e^-x.
    function expNeg(uint256 xWad) internal pure returns (uint256) {
        if (xWad > MAX_X_WAD) return 0;
        unchecked {
            uint256 small = (xWad << 110) / WAD; // x / 1024, in 2^-120
            uint256 one = 1 << 120;
            uint256 y = one - (small >> 3);
            y = one - small * y / (7 << 120);
            y = one - small * y / (6 << 120);
            y = one - small * y / (5 << 120);
            y = one - ((small * y) >> 122);
            y = one - small * y / (3 << 120);
            y = one - ((small * y) >> 121);
            y = one - ((small * y) >> 120);
            // ten squarings, written out: a loop would cost half as much again
            y = (y * y) >> 120;
            y = (y * y) >> 120;
            y = (y * y) >> 120;
            y = (y * y) >> 120;
            y = (y * y) >> 120;
            y = (y * y) >> 120;
            y = (y * y) >> 120;
            y = (y * y) >> 120;
            y = (y * y) >> 120;
            y = (y * y) >> 120;
            return (y * WAD) >> 120;
        }
    }

    /// @return How many places a validator scores: .119, .5, .982 of `limit` at one, two, four least stakes.
    function quota(uint256 weightGwei, uint256 minStakeWei, uint256 limit) internal pure returns (uint256) {
        if (weightGwei * GWEI < minStakeWei) return 0;
        uint256 twice = 2 * weightGwei * GWEI * WAD / minStakeWei;
        uint256 middle = 4 * WAD;
        bool over = twice >= middle;
        uint256 falling = expNeg(over ? twice - middle : middle - twice);
        return limit * (over ? WAD : falling) / (WAD + falling);
    }

    /// @return start The first of the places that a VRF output assigns.
    /// @return stride From one to the next, modulo `places` above 0.
    /// @return inverse Of the stride, modulo `places`: place p is number (p - start) inverse of those assigned.
    function assigned(bytes32 beta, uint256 places)
        internal
        pure
        returns (uint256 start, uint256 stride, uint256 inverse)
    {
        start = (uint256(beta) >> 128) % places;
        stride = uint128(uint256(beta)) % places;
        if (places == 1) return (start, stride, 0);
        while ((inverse = Math.invMod(stride, places)) == 0) ++stride;
    }

    /// @return What `amountWei` weighs when locked for `lockDays`, at most 365.
    function counted(uint256 amountWei, uint256 lockDays) internal pure returns (uint256) {
        uint256 extra = lockDays > 30 ? lockDays - 30 : 0;
        return amountWei * (36_500 + 219 * extra) / 36_500;
    }

    /// @return What a delegate keeps of a reward; its delegators get the rest.
    function delegateKeeps(uint256 amountWei, uint256 sigmaBps, uint256 own, uint256 delegated)
        internal
        pure
        returns (uint256)
    {
        if (delegated == 0) return amountWei;
        uint256 staked = own + delegated;
        return amountWei * (sigmaBps * staked + (BPS - sigmaBps) * own) / (BPS * staked);
    }

    /// @return nodesWei What nodes share of a reward.
    /// @return validatorsWei What validators share.
    function taskPools(uint256 rewardWei, uint256 nodes, uint256 validators, uint256 floorBps)
        internal
        pure
        returns (uint256 nodesWei, uint256 validatorsWei)
    {
        uint256 staked = nodes + validators;
        if (staked == 0) return (0, 0);
        uint256 byStake = BPS - 2 * floorBps;
        nodesWei = rewardWei * (floorBps * staked + byStake * nodes) / (BPS * staked);
        validatorsWei = rewardWei * (floorBps * staked + byStake * validators) / (BPS * staked);
    }

    /// @return What a share of a pool is.
    function paid(uint256 poolWei, uint256 shareWad) internal pure returns (uint256) {
        return poolWei * shareWad / WAD;
    }
}
