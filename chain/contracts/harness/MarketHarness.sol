// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

import {IDelegationPool, IPoolMarket} from "../IDelegationPool.sol";
import {IEmission} from "../IEmission.sol";
import {ITaskSource} from "../ITaskSource.sol";

/// @title A market that does what the test says: it stakes nothing itself and makes, pays and slashes pools
contract MarketHarness is IPoolMarket, ITaskSource {
    IEmission private immutable _emission;
    address private immutable _implementation;

    /// @notice What a task's creator, nodes and validators have staked, in wei.
    mapping(uint256 task => uint256) public ownWei;
    /// @notice What its delegators have, as the pools told last, in wei.
    mapping(uint256 task => uint256) public delegatedWei;
    /// @notice Assets of a pool as it told last.
    mapping(address pool => uint256) public assetsWei;
    /// @inheritdoc IPoolMarket
    mapping(uint256 task => uint256) public endsAt;
    /// @notice The pool of (task, delegate).
    mapping(uint256 task => mapping(address delegate => address)) public poolOf;

    constructor(IEmission emission, address implementation) {
        _emission = emission;
        _implementation = implementation;
    }

    /// @notice Let a task have this stake of its own.
    function setStake(uint256 task, uint256 amountWei) external {
        ownWei[task] = amountWei;
        _emission.sync(address(this), task);
    }

    /// @notice Let a task end at this second.
    function setEnd(uint256 task, uint256 second) external {
        endsAt[task] = second;
    }

    /// @notice Make a pool.
    function openPool(uint256 task, address delegate, uint256 sigmaBps) external returns (address pool) {
        pool = Clones.clone(_implementation);
        poolOf[task][delegate] = pool;
        IDelegationPool(pool).initialize(task, delegate, sigmaBps);
    }

    /// @notice Draw a day's share of a task.
    function draw(uint256 task, uint256 day) external {
        _emission.draw(address(this), task, day);
    }

    /// @notice Pay a pool's delegators in one transfer.
    function reward(IDelegationPool pool, uint256 amountWei) external {
        IERC20(pool.asset()).transfer(address(pool), amountWei);
        _told(pool.task(), address(pool), pool.totalAssets());
    }

    /// @notice Slash a pool.
    function slash(IDelegationPool pool, uint256 amountWei) external {
        _told(pool.task(), address(pool), pool.slash(amountWei));
    }

    /// @inheritdoc IPoolMarket
    function onAssets(uint256 task, address delegate, uint256 now_) external {
        require(msg.sender == poolOf[task][delegate], "not the pool");
        _told(task, msg.sender, now_);
    }

    /// @inheritdoc ITaskSource
    function stakeWei(uint256 task) external view returns (uint256) {
        return ownWei[task] + delegatedWei[task];
    }

    /// @inheritdoc IPoolMarket
    function paused() external view returns (bool) {
        return _emission.paused();
    }

    /// @inheritdoc ITaskSource
    function creatorOf(uint256) external pure returns (address) {
        return address(0);
    }

    function _told(uint256 task, address pool, uint256 now_) private {
        delegatedWei[task] = delegatedWei[task] + now_ - assetsWei[pool];
        assetsWei[pool] = now_;
        _emission.sync(address(this), task);
    }
}
