// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

import {ArenaClaims} from "./ArenaClaims.sol";
import {ArenaClock} from "./ArenaClock.sol";
import {ArenaDays} from "./ArenaDays.sol";
import {ArenaRewards} from "./ArenaRewards.sol";
import {ArenaSettlement} from "./ArenaSettlement.sol";
import {ArenaStakes} from "./ArenaStakes.sol";
import {ArenaTask} from "./ArenaTask.sol";
import {ArenaViews} from "./ArenaViews.sol";
import {Braked} from "./Braked.sol";
import {IArena} from "./IArena.sol";
import {IPoolMarket} from "./IDelegationPool.sol";
import {IEmission} from "./IEmission.sol";
import {ITaskSource} from "./ITaskSource.sol";
import {Vrf} from "./Vrf.sol";

/// @title The AI Arena
/// @notice Documented in IArena. What a call does is in the libraries; here is who may call, and what the emission is
/// told.
contract Arena is IArena, Braked, AccessControl, Multicall {
    using ArenaClock for ArenaTask;

    /// @notice May set the least stake of creators, and the limits of what they fix; granted by `DEFAULT_ADMIN_ROLE`.
    bytes32 public constant DAO_ROLE = keccak256("DAO_ROLE");
    /// @notice Submissions of a day at most.
    uint256 public constant MAX_SUBMISSIONS = ArenaDays.MAX_SUBMISSIONS;
    /// @notice Validators of a day at most.
    uint256 public constant MAX_VALIDATORS = ArenaDays.MAX_VALIDATORS;

    /// @inheritdoc IArena
    address public immutable fml;
    /// @inheritdoc IArena
    address public immutable emission;
    /// @inheritdoc IArena
    address public immutable poolImplementation;

    /// @inheritdoc IArena
    uint256 public taskCount;
    /// @inheritdoc IArena
    uint256 public minCreatorStakeWei;
    Limits private _limits;

    mapping(uint256 task => ArenaTask) private _tasks;

    /// @param emission_ The emission, which grants this contract `MARKET_ROLE`; its token is the Arena's.
    /// @param poolImplementation_ What delegation pools are clones of.
    /// @param minCreatorStakeWei_ Least stake of a creator, in wei.
    /// @param dao Gets `DEFAULT_ADMIN_ROLE` and `DAO_ROLE`.
    constructor(address emission_, address poolImplementation_, uint256 minCreatorStakeWei_, address dao) {
        fml = IEmission(emission_).fml();
        emission = emission_;
        poolImplementation = poolImplementation_;
        minCreatorStakeWei = minCreatorStakeWei_;
        _limits = ArenaStakes.widest();
        _grantRole(DEFAULT_ADMIN_ROLE, dao);
        _grantRole(DAO_ROLE, dao);
    }

    // --- Everybody who takes part -----------------------------------------------------------------------------------

    /// @inheritdoc IArena
    function createTask(TaskParams calldata p) external returns (uint256 task) {
        _requireRunning();
        task = ++taskCount;
        ArenaStakes.create(_tasks[task], task, p, emission, fml, minCreatorStakeWei, _limits);
    }

    /// @inheritdoc IArena
    function cancel(uint256 task) external {
        ArenaStakes.cancel(_tasks[task], task);
    }

    /// @inheritdoc IArena
    function stake(uint256 task, Role role, uint256 amountWei, uint256 lockDays, uint256 vrfX) external {
        _requireRunning();
        ArenaStakes.stake(_tasks[task], task, role, amountWei, lockDays, vrfX, fml);
        _sync(task);
    }

    /// @inheritdoc IArena
    function openPool(uint256 task, uint256 sigmaBps) external returns (address) {
        return ArenaStakes.openPool(_tasks[task], task, sigmaBps, poolImplementation);
    }

    /// @inheritdoc IPoolMarket
    function onAssets(uint256 task, address delegate, uint256 assetsWei) external {
        ArenaStakes.onAssets(_tasks[task], task, delegate, assetsWei);
        _sync(task);
    }

    /// @inheritdoc IArena
    function unlock(uint256 task, address account) external {
        ArenaStakes.unlock(_tasks[task], task, account, fml);
    }

    /// @inheritdoc IArena
    function claim(uint256 task, uint256 day, address account) external returns (uint256 amountWei) {
        amountWei = ArenaClaims.claim(_tasks[task], task, day, account, fml);
        _sync(task);
    }

    // --- Nodes ------------------------------------------------------------------------------------------------------

    /// @inheritdoc IArena
    function commitSubmission(uint256 task, bytes32 commitment) external returns (uint256 place) {
        place = ArenaDays.commitSubmission(_tasks[task], task, commitment, fml);
        // Nothing else tells the emission that the task has begun.
        if (place == 0) _sync(task);
    }

    /// @inheritdoc IArena
    function revealSubmission(uint256 task, bytes32 digest, uint64 parameters, bytes32 salt) external {
        ArenaDays.revealSubmission(_tasks[task], task, digest, parameters, salt);
    }

    // --- Validators -------------------------------------------------------------------------------------------------

    /// @inheritdoc IArena
    function commitScores(uint256 task, bytes32 commitment) external {
        ArenaDays.commitScores(_tasks[task], task, commitment);
    }

    /// @inheritdoc IArena
    function revealScores(uint256 task, Vrf.Proof calldata proof, uint256[] calldata scores, bytes32 salt) external {
        ArenaDays.revealScores(_tasks[task], task, proof, scores, salt);
    }

    // --- Settlement: anybody ----------------------------------------------------------------------------------------

    /// @inheritdoc IArena
    function settle(uint256 task, uint256 day, uint256 count) external returns (uint256 left) {
        left = ArenaSettlement.settle(_tasks[task], task, day, count);
        _sync(task);
    }

    /// @inheritdoc IArena
    function finishDay(uint256 task, uint256 day) external {
        ArenaRewards.finishDay(_tasks[task], task, day, emission, fml);
        _sync(task);
    }

    /// @inheritdoc IArena
    function revealDatasetB(uint256 task, bytes32 digest, bytes32 salt) external {
        ArenaDays.revealDatasetB(_tasks[task], task, digest, salt);
    }

    /// @inheritdoc IArena
    function enterFinal(uint256 task, address[] calldata nodes) external {
        ArenaDays.enterFinal(_tasks[task], task, nodes);
    }

    /// @inheritdoc IArena
    function setMinCreatorStake(uint256 minWei) external onlyRole(DAO_ROLE) {
        minCreatorStakeWei = minWei;
        emit MinCreatorStakeSet(minWei);
    }

    /// @inheritdoc IArena
    function setLimits(Limits calldata limits_) external onlyRole(DAO_ROLE) {
        ArenaStakes.checkLimits(limits_);
        _limits = limits_;
        emit LimitsSet(limits_);
    }

    // --- What is known ----------------------------------------------------------------------------------------------

    /// @inheritdoc IArena
    function limits() external view returns (Limits memory) {
        return _limits;
    }

    /// @inheritdoc IPoolMarket
    function paused() external view returns (bool) {
        return IEmission(emission).paused();
    }

    /// @inheritdoc ITaskSource
    function creatorOf(uint256 task) external view returns (address) {
        return _tasks[task].creator;
    }

    /// @inheritdoc IArena
    function params(uint256 task) external view returns (TaskParams memory) {
        return _known(task).params;
    }

    /// @inheritdoc IArena
    function state(uint256 task) external view returns (TaskState memory) {
        return ArenaViews.state(_known(task));
    }

    /// @inheritdoc IArena
    function stakeOf(uint256 task, address account) external view returns (Stake memory) {
        return ArenaViews.stakeOf(_known(task), account);
    }

    /// @inheritdoc IArena
    function dayAt(uint256 task, uint256 day) external view returns (uint256) {
        return _known(task).dayAt(day);
    }

    /// @inheritdoc IArena
    function dayState(uint256 task, uint256 day) external view returns (DayState memory) {
        return ArenaViews.dayState(_known(task), day);
    }

    /// @inheritdoc IArena
    function submission(uint256 task, uint256 day, uint256 place) external view returns (Submission memory) {
        return _known(task).epochs[day].submissions[place];
    }

    /// @inheritdoc IArena
    function validation(uint256 task, uint256 day, uint256 index) external view returns (Validation memory) {
        return _known(task).epochs[day].validations[index];
    }

    /// @inheritdoc IArena
    function entryOf(uint256 task, uint256 day, address account) external view returns (uint256) {
        return _known(task).epochs[day].entries[account];
    }

    /// @inheritdoc IArena
    function ranking(uint256 task, uint256 day) external view returns (uint256[] memory) {
        return ArenaViews.ranking(_known(task), day);
    }

    /// @inheritdoc IArena
    function scoreAlpha(uint256 task, uint256 day) external view returns (bytes32) {
        return ArenaDays.alpha(_known(task), task, day);
    }

    /// @inheritdoc ITaskSource
    function stakeWei(uint256 task) external view returns (uint256) {
        return ArenaViews.stakeWei(_tasks[task]);
    }

    /// @inheritdoc IPoolMarket
    function endsAt(uint256 task) external view returns (uint256) {
        return ArenaViews.endsAt(_known(task));
    }

    function _brake() internal view override returns (address) {
        return IEmission(emission).brake();
    }

    function _known(uint256 task) private view returns (ArenaTask storage t) {
        t = _tasks[task];
        if (t.phase == Phase.NONE) revert UnknownTask(task);
    }

    /// @dev Let the emission write the task's stake down as of now.
    function _sync(uint256 task) private {
        IEmission(emission).sync(address(this), task);
    }
}
