// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ArenaConsensus} from "../ArenaConsensus.sol";
import {ArenaMath} from "../ArenaMath.sol";
import {Ranking} from "../Ranking.sol";

/// @title The Arena's integers, one function each
contract ArenaMathHarness {
    function expNeg(uint256 xWad) external pure returns (uint256) {
        return ArenaMath.expNeg(xWad);
    }

    function quota(uint256 weightGwei, uint256 minStakeWei, uint256 limit) external pure returns (uint256) {
        return ArenaMath.quota(weightGwei, minStakeWei, limit);
    }

    function assigned(bytes32 beta, uint256 places)
        external
        pure
        returns (uint256 start, uint256 stride, uint256 inverse)
    {
        return ArenaMath.assigned(beta, places);
    }

    function counted(uint256 amountWei, uint256 lockDays) external pure returns (uint256) {
        return ArenaMath.counted(amountWei, lockDays);
    }

    function delegateKeeps(uint256 amountWei, uint256 sigmaBps, uint256 own, uint256 delegated)
        external
        pure
        returns (uint256)
    {
        return ArenaMath.delegateKeeps(amountWei, sigmaBps, own, delegated);
    }

    function taskPools(uint256 rewardWei, uint256 nodes, uint256 validators, uint256 floorBps)
        external
        pure
        returns (uint256 nodesWei, uint256 validatorsWei)
    {
        return ArenaMath.taskPools(rewardWei, nodes, validators, floorBps);
    }

    function consensus(uint256[] memory scores, uint256[] memory weights) external pure returns (uint256) {
        uint256 weight = 0;
        for (uint256 i = 0; i < weights.length; ++i) weight += weights[i];
        return ArenaConsensus.consensus(scores, weights, new uint256[](scores.length), weight);
    }

    function fit(uint256[] memory scores, uint256 agreed, uint256[] memory powers, uint256 decayWad)
        external
        pure
        returns (uint256[] memory fits)
    {
        fits = new uint256[](scores.length);
        ArenaConsensus.fit(scores, agreed, powers, decayWad, fits);
    }

    function shares(uint256[] memory weights, uint256 rankWad, uint256 halves)
        external
        pure
        returns (uint256[] memory)
    {
        return Ranking.shares(weights, rankWad, halves);
    }
}
