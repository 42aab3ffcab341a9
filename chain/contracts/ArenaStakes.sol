// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

import {ArenaClock} from "./ArenaClock.sol";
import {ArenaLedger} from "./ArenaLedger.sol";
import {ArenaMath} from "./ArenaMath.sol";
import {ArenaTask, Staker} from "./ArenaTask.sol";
import {IArena} from "./IArena.sol";
import {IDelegationPool} from "./IDelegationPool.sol";
import {IEmission} from "./IEmission.sol";

/// @title How tasks begin and end, and how stakes come in and out; documented in IArena
library ArenaStakes {
    using ArenaClock for ArenaTask;
    using ArenaLedger for ArenaTask;

    uint256 private constant GWEI = 1e9;
    uint256 private constant MAX_DAYS = 1_800;
    uint256 private constant MAX_PAID = 64;
    uint256 private constant MAX_LOCK_DAYS = 365;
    uint256 private constant MAX_HALVES = 4;
    uint256 private constant MAX_DECAY_WAD = 1e24;

    /// @notice See IArena.createTask; `task` is a new number.
    function create(
        ArenaTask storage t,
        uint256 task,
        IArena.TaskParams calldata p,
        address emission,
        address fml,
        uint256 minCreatorStakeWei,
        IArena.Limits memory limits
    ) external {
        _check(p, IEmission(emission).today(), minCreatorStakeWei, limits);
        t.params = p;
        t.creator = msg.sender;
        t.phase = IArena.Phase.ACTIVE;
        t.beginsAt = uint40(IEmission(emission).startAt() + p.firstDay * ArenaClock.DAY_S);
        uint256 fundWei = uint256(p.dailyWei) * p.dayCount;
        t.fundWei = uint128(fundWei);
        Staker storage s = t.stakers[msg.sender];
        s.role = IArena.Role.CREATOR;
        t.addOwn(s, p.creatorStakeWei);
        emit IArena.TaskCreated(task, msg.sender, p, fundWei);
        IERC20(fml).transferFrom(msg.sender, address(this), p.creatorStakeWei + fundWei);
    }

    /// @notice See IArena.cancel.
    function cancel(ArenaTask storage t, uint256 task) external {
        t.requireActive(task);
        if (msg.sender != t.creator) revert IArena.NotAllowed(msg.sender, t.creator);
        ArenaClock.requireBefore(task, t.beginsAt);
        t.phase = IArena.Phase.CANCELLED;
        emit IArena.TaskCancelled(task);
    }

    /// @notice See IArena.stake.
    function stake(
        ArenaTask storage t,
        uint256 task,
        IArena.Role role,
        uint256 amountWei,
        uint256 lockDays,
        uint256 vrfX,
        address fml
    ) external {
        t.requireActive(task);
        ArenaClock.requireBefore(task, t.dayAt(t.params.dayCount));
        Staker storage s = t.stakers[msg.sender];
        IArena.Role former = s.role;
        bool known = role == IArena.Role.NODE || role == IArena.Role.VALIDATOR;
        if (!known) revert IArena.BadParameter("role", uint256(role));
        if (former != IArena.Role.NONE && former != role) revert IArena.WrongRole(task, msg.sender, former);
        if (lockDays < s.lockDays || lockDays > MAX_LOCK_DAYS) revert IArena.BadParameter("lockDays", lockDays);
        bool needsKey = former == IArena.Role.NONE && role == IArena.Role.VALIDATOR;
        if (needsKey != (vrfX != 0)) revert IArena.BadParameter("vrfX", vrfX);
        // What comes in is at most the supply, or the transfer below fails.
        uint256 ownWei = t.addOwn(s, amountWei);
        uint256 minWei = role == IArena.Role.NODE ? t.params.minNodeStakeWei : t.params.minValidatorStakeWei;
        if (ownWei < minWei) revert IArena.StakeTooLow(ownWei / GWEI, minWei / GWEI);
        uint256 until = block.timestamp + lockDays * ArenaClock.DAY_S;
        s.role = role;
        s.lockDays = uint16(lockDays);
        if (until > s.lockedUntil) s.lockedUntil = uint40(until);
        if (needsKey) {
            s.vrfX = vrfX;
            emit IArena.KeyRegistered(task, msg.sender, vrfX);
        }
        emit IArena.Staked(task, msg.sender, role, amountWei, ownWei, lockDays);
        IERC20(fml).transferFrom(msg.sender, address(this), amountWei);
    }

    /// @notice See IArena.openPool.
    function openPool(ArenaTask storage t, uint256 task, uint256 sigmaBps, address implementation)
        external
        returns (address pool)
    {
        t.requireActive(task);
        Staker storage s = t.stakers[msg.sender];
        if (s.role == IArena.Role.NONE) revert IArena.WrongRole(task, msg.sender, s.role);
        if (s.pool != address(0)) revert IArena.PoolExists(task, msg.sender, s.pool);
        pool = Clones.clone(implementation);
        s.pool = pool;
        emit IArena.PoolOpened(task, msg.sender, pool, sigmaBps);
        IDelegationPool(pool).initialize(task, msg.sender, sigmaBps);
    }

    /// @notice See IPoolMarket.onAssets.
    function onAssets(ArenaTask storage t, uint256 task, address delegate, uint256 assetsWei) external {
        Staker storage s = t.stakers[delegate];
        if (msg.sender != s.pool) revert IArena.NotAllowed(msg.sender, s.pool);
        t.setDelegated(s, assetsWei);
        emit IArena.DelegationChanged(task, delegate, assetsWei);
    }

    /// @notice See IArena.unlock.
    function unlock(ArenaTask storage t, uint256 task, address account, address fml) external {
        IArena.Phase phase = t.phase;
        if (phase == IArena.Phase.NONE) revert IArena.UnknownTask(task);
        if (phase == IArena.Phase.ACTIVE) revert IArena.WrongPhase(task, phase);
        Staker storage s = t.stakers[account];
        // A lock in a cancelled task earned nothing: it binds nobody.
        if (phase == IArena.Phase.COMPLETED) ArenaClock.requireFrom(task, s.lockedUntil);
        uint256 ownWei = s.ownWei;
        s.ownWei = 0;
        t.ownWei -= uint128(ownWei);
        t.stakedWei -= uint128(ownWei);
        uint256 fundWei = account == t.creator ? t.fundWei : 0;
        if (fundWei > 0) t.fundWei = 0;
        if (ownWei + fundWei == 0) revert IArena.NothingThere();
        emit IArena.Unlocked(task, account, ownWei + fundWei);
        IERC20(fml).transfer(account, ownWei + fundWei);
    }

    /// @notice The limits before the DAO sets any.
    function widest() internal pure returns (IArena.Limits memory) {
        return IArena.Limits(uint96(GWEI), uint96(GWEI), uint16(MAX_PAID), uint16(MAX_PAID));
    }

    /// @notice See IArena.setLimits.
    function checkLimits(IArena.Limits calldata limits) internal pure {
        _within("minNodeStakeWei", limits.minNodeStakeWei, GWEI, type(uint96).max);
        _within("minValidatorStakeWei", limits.minValidatorStakeWei, GWEI, type(uint96).max);
        _within("paidNodes", limits.paidNodes, 1, MAX_PAID);
        _within("paidValidators", limits.paidValidators, 1, MAX_PAID);
    }

    function _check(
        IArena.TaskParams calldata p,
        uint256 today,
        uint256 minCreatorStakeWei,
        IArena.Limits memory limits
    ) private pure {
        _within("firstDay", p.firstDay, today + 1, today + MAX_DAYS);
        _within("dayCount", p.dayCount, 1, MAX_DAYS);
        _within("submitS", p.submitS, 1, ArenaClock.DAY_S);
        _within("revealS", p.revealS, 1, ArenaClock.DAY_S);
        _within("scoreS", p.scoreS, 1, ArenaClock.DAY_S);
        _within("revealScoresS", p.revealScoresS, 1, ArenaClock.DAY_S);
        _within("windows", p.submitS + p.revealS + p.scoreS + p.revealScoresS, 4, ArenaClock.DAY_S);
        _within("paidNodes", p.paidNodes, 1, limits.paidNodes);
        _within("paidValidators", p.paidValidators, 1, limits.paidValidators);
        _within("validatorLimit", p.validatorLimit, 1, type(uint16).max);
        _within("slashBps", p.slashBps, 0, ArenaMath.BPS);
        _within("powerHalves", p.powerHalves, 0, MAX_HALVES);
        _within("minNodeStakeWei", p.minNodeStakeWei, limits.minNodeStakeWei, type(uint96).max);
        _within("minValidatorStakeWei", p.minValidatorStakeWei, limits.minValidatorStakeWei, type(uint96).max);
        _within("floorBps", p.floorBps, 0, ArenaMath.BPS / 2);
        _within("nowBps", p.nowBps, 0, ArenaMath.BPS);
        _within("delegatedBps", p.delegatedBps, 0, ArenaMath.BPS);
        _within("maxParameters", p.maxParameters, 1, type(uint64).max);
        _within("rankWad", p.rankWad, 0, ArenaMath.WAD);
        _within("decayWad", p.decayWad, 0, MAX_DECAY_WAD);
        _within("creatorStakeWei", p.creatorStakeWei, minCreatorStakeWei, type(uint96).max);
    }

    function _within(string memory name, uint256 given, uint256 low, uint256 high) private pure {
        if (given < low || given > high) revert IArena.BadParameter(name, given);
    }
}
