// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ArenaClock} from "./ArenaClock.sol";
import {ArenaMath} from "./ArenaMath.sol";
import {ArenaTask, Staker, Weight} from "./ArenaTask.sol";
import {IArena} from "./IArena.sol";
import {IDelegationPool} from "./IDelegationPool.sol";

/// @title Stakes: what they are, what they counted when the day began, and what a slash takes
/// @notice FML there can be is below 2^90 wei, which is why amounts that were received fit 96 bits.
library ArenaLedger {
    using ArenaClock for ArenaTask;

    uint256 private constant GWEI = 1e9;

    /// @return w What counts of an account today: its stake as it stood when the day began.
    function weight(ArenaTask storage t, Staker storage s) internal view returns (Weight memory w) {
        uint256 ordinal = t.ordinal();
        bool changed = ordinal > 0 && s.changedOn == ordinal;
        uint256 ownWei = changed ? s.formerOwnWei : s.ownWei;
        uint256 delegatedWei = changed ? s.formerDelegatedWei : s.delegatedWei;
        uint256 countedWei = ArenaMath.counted(ownWei, changed ? s.formerLockDays : s.lockDays);
        w.ownGwei = ownWei / GWEI;
        w.delegatedGwei = delegatedWei / GWEI;
        w.weightGwei = (countedWei + delegatedWei * t.params.delegatedBps / ArenaMath.BPS) / GWEI;
    }

    /// @return w The same of an account that must be `role` and have a least stake of its own.
    function able(ArenaTask storage t, uint256 task, address account, IArena.Role role, uint256 minWei)
        internal
        view
        returns (Weight memory w)
    {
        Staker storage s = t.stakers[account];
        if (s.role != role) revert IArena.WrongRole(task, account, s.role);
        w = weight(t, s);
        if (w.ownGwei < minWei / GWEI) revert IArena.StakeTooLow(w.ownGwei, minWei / GWEI);
    }

    /// @return sigmaBps What an account takes of its delegators' earnings of a day.
    function sigmaBps(ArenaTask storage t, address account, uint256 day) internal view returns (uint16) {
        address pool = t.stakers[account].pool;
        return pool == address(0) ? 0 : uint16(IDelegationPool(pool).sigmaBpsAt(t.dayAt(day)));
    }

    /// @notice Add `amountWei` that was received to an account's own stake.
    /// @return ownWei The stake after that.
    function addOwn(ArenaTask storage t, Staker storage s, uint256 amountWei) internal returns (uint256 ownWei) {
        _keepFormer(t, s);
        ownWei = s.ownWei + amountWei;
        s.ownWei = uint96(ownWei);
        t.ownWei += uint128(amountWei);
        t.stakedWei += uint128(amountWei);
    }

    /// @notice Write down what an account's delegators have put behind it.
    function setDelegated(ArenaTask storage t, Staker storage s, uint256 assetsWei) internal {
        _keepFormer(t, s);
        t.stakedWei = t.stakedWei - s.delegatedWei + uint128(assetsWei);
        s.delegatedWei = uint96(assetsWei);
    }

    /// @notice Take slashBps of what an account and its delegators have into the task's pool, its own first.
    function slash(ArenaTask storage t, uint256 task, uint256 day, address account) internal {
        Staker storage s = t.stakers[account];
        uint256 ownWei = s.ownWei;
        uint256 delegatedWei = s.delegatedWei;
        uint256 lossWei = (ownWei + delegatedWei) * t.params.slashBps / ArenaMath.BPS;
        uint256 fromOwnWei = lossWei < ownWei ? lossWei : ownWei;
        uint256 fromPoolWei = lossWei - fromOwnWei;
        _keepFormer(t, s);
        s.ownWei = uint96(ownWei - fromOwnWei);
        t.ownWei -= uint128(fromOwnWei);
        t.stakedWei -= uint128(fromOwnWei);
        t.poolWei += uint128(lossWei);
        if (fromPoolWei > 0) setDelegated(t, s, IDelegationPool(s.pool).slash(fromPoolWei));
        emit IArena.Slashed(task, day, account, fromOwnWei, fromPoolWei);
    }

    /// @dev Before the first change of a day: what stood when it began. Before day 0 nothing counts yet.
    function _keepFormer(ArenaTask storage t, Staker storage s) private {
        uint256 ordinal = t.ordinal();
        uint256 last = uint256(t.params.dayCount) + 2;
        if (ordinal > last) ordinal = last;
        if (s.changedOn == ordinal) return;
        s.formerOwnWei = s.ownWei;
        s.formerDelegatedWei = s.delegatedWei;
        s.formerLockDays = s.lockDays;
        s.changedOn = uint16(ordinal);
    }
}
