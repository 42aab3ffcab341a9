// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

import {IAlliance} from "./IAlliance.sol";
import {IAllianceMarket} from "./IAllianceMarket.sol";
import {IDelegationPool, IPoolMarket} from "./IDelegationPool.sol";
import {IEmission} from "./IEmission.sol";
import {IFML} from "./IFML.sol";
import {IAllianceSource, ITaskSource} from "./ITaskSource.sol";

/// @title The market of an Alliance's tasks
/// @notice Documented in IAllianceMarket; the reference of its divisions is `chain/rules/alliance_pay.py`.
contract AllianceMarket is IAllianceMarket, Multicall {
    using Checkpoints for Checkpoints.Trace208;

    /// @dev What is kept of a member's delegators.
    struct Delegated {
        IDelegationPool pool;
        uint16 member; // the delegate's index
        uint64 claimed; // rewards of the task that it has claimed, in their order
        uint256 shares; // the pool's supply as it was told last
        uint256 countedWei; // what of its assets is part of the task's stake
        Checkpoints.Trace208 weights; // by day, see _count
    }

    /// @dev What is kept of a task.
    struct Book {
        uint256 countedWei; // sum over its pools
        uint256 settledDays; // the days before this one can be drawn no more
        Checkpoints.Trace208 weights; // sum over its pools, by day
        Reward[] rewards; // in the order in which they came
        address[] delegates; // who opened a pool
        mapping(address delegate => Delegated) delegations;
        mapping(uint256 day => uint256) acceptedAt; // second of an acceptance on that day
    }

    /// @notice Days, or rewards, that one call goes through at most.
    uint256 public constant MAX_STEPS = 64;

    uint256 private constant BPS = 10_000;
    uint256 private constant DAY_S = 86_400;
    uint256 private constant WEI_PER_GWEI = 1e9;

    /// @inheritdoc IAllianceMarket
    address public immutable alliance;
    /// @inheritdoc IAllianceMarket
    address public immutable emission;
    /// @inheritdoc IAllianceMarket
    address public immutable pools;
    address private immutable _fml;
    uint256 private immutable _startAt;

    mapping(uint256 task => Book) private _books;

    /// @param alliance_ The Alliance, under either rule.
    /// @param emission_ The emission, of the same token.
    /// @param pools_ A DelegationPool of the same token, to be cloned.
    constructor(address alliance_, address emission_, address pools_) {
        (alliance, emission, pools) = (alliance_, emission_, pools_);
        (_fml, _startAt) = (IEmission(emission_).fml(), IEmission(emission_).startAt());
        // The Alliance takes from its caller alone, and nothing here calls it but onReward.
        IFML(_fml).approve(alliance_, type(uint256).max);
    }

    // --- Members and delegators -------------------------------------------------------------------------------------

    /// @inheritdoc IAllianceMarket
    function openPool(uint256 task, uint16 member, uint256 sigmaBps) external returns (address pool) {
        (address node, uint256 ownGwei) = IAlliance(alliance).seated(task, member);
        if (node != msg.sender) revert NotMember(task, member, msg.sender);
        if (ownGwei == 0) revert NotSeated(task, member);
        Book storage book = _books[task];
        Delegated storage d = book.delegations[msg.sender];
        if (address(d.pool) != address(0)) revert PoolExists(task, msg.sender, address(d.pool));
        // No pool has earned anything of the days before the first one.
        if (book.delegates.length == 0) book.settledDays = IEmission(emission).today();
        book.delegates.push(msg.sender);
        pool = Clones.clone(pools);
        (d.pool, d.member, d.claimed) = (IDelegationPool(pool), member, uint64(book.rewards.length));
        emit PoolOpened(task, msg.sender, pool, member, sigmaBps);
        IDelegationPool(pool).initialize(task, msg.sender, sigmaBps);
    }

    /// @inheritdoc IPoolMarket
    function onAssets(uint256 task, address delegate, uint256 assetsWei) external {
        Book storage book = _books[task];
        Delegated storage d = book.delegations[delegate];
        if (msg.sender != address(d.pool)) revert NotAllowed(msg.sender, address(d.pool));
        uint256 shares = d.pool.totalSupply();
        // Or who comes in now would share in what others have earned before.
        if (shares > d.shares) _requireNothingDue(book, d, task);
        d.shares = shares;
        _count(book, d, task, delegate, assetsWei);
    }

    /// @inheritdoc IAllianceMarket
    function claim(uint256 task, address delegate) external returns (uint256 amountWei) {
        Book storage book = _books[task];
        Delegated storage d = _opened(book, task, delegate);
        uint256 end = Math.min(book.rewards.length, d.claimed + MAX_STEPS);
        amountWei = _dueWei(book, d, end);
        d.claimed = uint64(end);
        if (amountWei == 0) return 0;
        bool burned = d.pool.totalSupply() == 0;
        emit RewardClaimed(task, delegate, amountWei, burned);
        if (burned) {
            IFML(_fml).burn(amountWei);
        } else {
            IFML(_fml).transfer(address(d.pool), amountWei);
            _count(book, d, task, delegate, d.pool.totalAssets());
        }
    }

    // --- Days of the emission ---------------------------------------------------------------------------------------

    /// @inheritdoc IAllianceMarket
    function note(uint256 task) external {
        Book storage book = _books[task];
        uint256 at_ = IAlliance(alliance).state(task).acceptedAt;
        if (at_ >= _startAt) {
            uint256 day = (at_ - _startAt) / DAY_S;
            if (book.acceptedAt[day] == 0) {
                book.acceptedAt[day] = at_;
                emit AcceptanceNoted(task, day, at_);
            }
        }
        if (book.delegates.length > 0) _settle(book, task);
        IEmission(emission).sync(address(this), task);
    }

    /// @inheritdoc IAllianceSource
    function onReward(uint256 task, uint256 day, uint256 amountWei) external {
        if (msg.sender != emission) revert NotAllowed(msg.sender, emission);
        if (amountWei == 0) return;
        Book storage book = _books[task];
        uint256 weight = book.weights.upperLookupRecent(uint48(day));
        // What the emission counted holds all that is delegated: each change here is written down there at once.
        uint256 parts = IEmission(emission).stakeGwei(address(this), task, day) * BPS;
        uint256 fundWei = (amountWei / WEI_PER_GWEI) * (parts - weight) / parts * WEI_PER_GWEI;
        uint256 delegated = amountWei - fundWei;
        bool ended = IAlliance(alliance).state(task).phase == IAlliance.Phase.FINISHED;
        if (delegated > 0) book.rewards.push(Reward(uint48(day), uint104(delegated), uint104(weight)));
        emit RewardSplit(task, day, amountWei, ended ? 0 : fundWei, delegated);
        if (fundWei == 0) return;
        if (ended) IFML(_fml).burn(fundWei);
        else IAlliance(alliance).fund(task, fundWei);
    }

    // --- What is known ----------------------------------------------------------------------------------------------

    /// @inheritdoc ITaskSource
    function stakeWei(uint256 task) external view returns (uint256) {
        uint256 ownGwei = IAlliance(alliance).stakedGwei(task);
        return ownGwei == 0 ? 0 : ownGwei * WEI_PER_GWEI + _books[task].countedWei;
    }

    /// @inheritdoc IAllianceSource
    /// @dev Never true unless it is; for other spans than a day of the emission it may not know.
    function accepted(uint256 task, uint256 fromAt, uint256 untilAt) external view returns (bool) {
        return _accepted(_books[task], task, fromAt, untilAt);
    }

    /// @inheritdoc IPoolMarket
    /// @dev An Alliance's task ends by what happens in it: as long as it has not, it does not tell when.
    function endsAt(uint256 task) external view returns (uint256) {
        IAlliance.TaskState memory state = IAlliance(alliance).state(task);
        return state.phase == IAlliance.Phase.FINISHED ? state.phaseAt : type(uint40).max;
    }

    /// @inheritdoc IPoolMarket
    function paused() external view returns (bool) {
        return IEmission(emission).paused();
    }

    /// @inheritdoc ITaskSource
    function creatorOf(uint256 task) external view returns (address) {
        return IAlliance(alliance).state(task).creator;
    }

    /// @inheritdoc IAllianceMarket
    function delegationOf(uint256 task, address delegate) external view returns (Delegation memory) {
        Delegated storage d = _books[task].delegations[delegate];
        return Delegation(address(d.pool), d.member, d.countedWei, d.weights.latest(), d.claimed);
    }

    /// @inheritdoc IAllianceMarket
    function delegatesOf(uint256 task) external view returns (address[] memory) {
        return _books[task].delegates;
    }

    /// @inheritdoc IAllianceMarket
    function rewardsOf(uint256 task) external view returns (Reward[] memory) {
        return _books[task].rewards;
    }

    /// @inheritdoc IAllianceMarket
    function acceptedAt(uint256 task, uint256 day) external view returns (uint256) {
        return _books[task].acceptedAt[day];
    }

    /// @inheritdoc IAllianceMarket
    function delegatedWei(uint256 task) external view returns (uint256) {
        return _books[task].countedWei;
    }

    /// @inheritdoc IAllianceMarket
    function weightAt(uint256 task, address delegate, uint256 day) external view returns (uint256) {
        return _books[task].delegations[delegate].weights.upperLookupRecent(uint48(day));
    }

    /// @inheritdoc IAllianceMarket
    function claimableWei(uint256 task, address delegate) external view returns (uint256) {
        Book storage book = _books[task];
        return _dueWei(book, _opened(book, task, delegate), book.rewards.length);
    }

    // --- Steps that several calls share -----------------------------------------------------------------------------

    /// @dev Let a pool's assets count as of today, if its delegate has a seat. The sigma of the day's begin holds, so
    /// that a change never reaches back.
    function _count(Book storage book, Delegated storage d, uint256 task, address delegate, uint256 assetsWei) private {
        (, uint256 ownGwei) = IAlliance(alliance).seated(task, d.member);
        uint256 countedWei = ownGwei == 0 ? 0 : assetsWei;
        uint256 day = IEmission(emission).today();
        uint256 weight = countedWei / WEI_PER_GWEI * (BPS - d.pool.sigmaBpsAt(_startAt + day * DAY_S));
        uint256 former = d.weights.latest();
        book.countedWei = book.countedWei + countedWei - d.countedWei;
        d.countedWei = countedWei;
        if (weight != former) {
            d.weights.push(uint48(day), uint208(weight));
            book.weights.push(uint48(day), uint208(book.weights.latest() + weight - former));
        }
        emit DelegationCounted(task, delegate, day, assetsWei, weight);
        IEmission(emission).sync(address(this), task);
    }

    /// @dev Go on over the days of which the task can draw nothing any more.
    /// @return day The first one of which it may.
    function _settle(Book storage book, uint256 task) private returns (uint256 day) {
        day = book.settledDays;
        uint256 end = Math.min(IEmission(emission).today(), day + MAX_STEPS);
        while (day < end && !_isDue(book, task, day)) ++day;
        book.settledDays = day;
    }

    function _requireNothingDue(Book storage book, Delegated storage d, uint256 task) private {
        uint256 day = _settle(book, task);
        if (day < IEmission(emission).today()) revert RewardDue(task, day);
        if (d.claimed < book.rewards.length) revert RewardDue(task, book.rewards[d.claimed].day);
    }

    /// @dev Whether a day that is over can still be drawn: a round was accepted, and the day is not closed, or not drawn
    /// and not lapsed. What is false stays so.
    function _isDue(Book storage book, uint256 task, uint256 day) private view returns (bool) {
        uint256 from = _startAt + day * DAY_S;
        if (!_accepted(book, task, from, from + DAY_S)) return false;
        if (IEmission(emission).stakeGwei(address(this), task, day) == 0) return false;
        if (day >= IEmission(emission).closedDays()) return IEmission(emission).scheduleWei(day) > 0;
        return IEmission(emission).drawableWei(address(this), task, day) > 0;
    }

    function _accepted(Book storage book, uint256 task, uint256 fromAt, uint256 untilAt) private view returns (bool) {
        uint256 last = IAlliance(alliance).state(task).acceptedAt;
        if (fromAt <= last && last < untilAt) return true;
        uint256 noted = fromAt < _startAt ? 0 : book.acceptedAt[(fromAt - _startAt) / DAY_S];
        return fromAt <= noted && noted < untilAt;
    }

    /// @dev What a pool gets of the rewards from its next one to before `end`.
    function _dueWei(Book storage book, Delegated storage d, uint256 end) private view returns (uint256 amountWei) {
        for (uint256 i = d.claimed; i < end; ++i) {
            Reward memory reward = book.rewards[i];
            uint256 weight = d.weights.upperLookupRecent(reward.day);
            amountWei += reward.delegatedWei * weight / reward.weight;
        }
    }

    function _opened(Book storage book, uint256 task, address delegate) private view returns (Delegated storage d) {
        d = book.delegations[delegate];
        if (address(d.pool) == address(0)) revert NoPool(task, delegate);
    }
}
