// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IPoolMarket} from "./IDelegationPool.sol";
import {IAllianceSource} from "./ITaskSource.sol";

/// @title The market of an Alliance's tasks: the emission pays their pools, and their members have delegators
/// @notice Bound to one Alliance, of either rule, and one emission. Every task of that Alliance is one here by its number: the
/// DAO verifies (this contract, task) at the emission, and nothing is needed for a task that its creator funds alone.
///
/// A day of a verified task: its stake is written down as it changes, the last one of the day counts (`stakeWei`); a round is
/// accepted, which anybody notes here before a round of a later day is accepted (`note`); the day is closed and drawn at
/// the emission by anybody, which sends the task's share A here. Of it each member's delegators get
///
/// A (1 - sigma) del / S
///
/// with what the member's delegators had at the end of the day (del, in whole gwei), its sigma at the begin of that day, and
/// the task's stake that the emission counted (S). All else, the own stakes' part and what the sigmas take, goes to the task's
/// pool at the Alliance, from which rounds pay members for what they do. No loop goes over members or delegators.
///
/// A member's delegators count while the member has a seat in a running task, as far as anybody tells (`report` of its
/// pool). What a slash takes is at most the member's own balance, so that nothing is left for the delegated to bear:
/// delegators risk what they would earn, and that their capital is bound for the withdrawal delay.
///
/// Amounts are wei. Divisions round down: a task's pool gets whole gwei, delegators the rest, and what a pool's share leaves
/// stays here, less than a wei for each pool and day.
interface IAllianceMarket is IAllianceSource, IPoolMarket {
    /// @notice What is known of a member's delegators.
    struct Delegation {
        address pool; // DelegationPool; 0: not open
        uint16 member; // the delegate's index in the task
        uint256 countedWei; // what of its assets is part of the task's stake now
        uint256 weight; // whole gwei of that times 10,000 less sigma, as of the last report
        uint256 claimed; // how many of the task's rewards it has claimed
    }

    /// @notice What delegators of a task were paid for a day.
    struct Reward {
        uint48 day; // of the emission
        uint104 delegatedWei; // for all of them
        uint104 weight; // sum of their weights at the end of that day
    }

    /// @notice A member opened its pool for delegators.
    event PoolOpened(uint256 indexed task, address indexed delegate, address pool, uint256 member, uint256 sigmaBps);
    /// @notice A pool's assets are `assetsWei`, and count with `weight` from this day on; 0 where its delegate has no seat.
    event DelegationCounted(
        uint256 indexed task, address indexed delegate, uint256 day, uint256 assetsWei, uint256 weight
    );
    /// @notice A round of the task was accepted at `acceptedAt`, on this day.
    event AcceptanceNoted(uint256 indexed task, uint256 indexed day, uint256 acceptedAt);
    /// @notice A day's share came: `fundedWei` went to the task's pool, `delegatedWei` waits for the delegators' pools, the
    /// rest was burned, because the task had ended before it came.
    event RewardSplit(
        uint256 indexed task, uint256 indexed day, uint256 amountWei, uint256 fundedWei, uint256 delegatedWei
    );
    /// @notice A pool was paid what was due to it; burned where nobody had a share of it any more.
    event RewardClaimed(uint256 indexed task, address indexed delegate, uint256 amountWei, bool burned);

    /// @notice Only `needed` may do this.
    error NotAllowed(address caller, address needed);
    /// @notice The caller is not this member of the task.
    error NotMember(uint256 task, uint256 member, address account);
    /// @notice The member has no seat: the task does not run, or it holds less than the minimum stake.
    error NotSeated(uint256 task, uint256 member);
    /// @notice The member's pool is open already.
    error PoolExists(uint256 task, address delegate, address pool);
    /// @notice The member has no pool.
    error NoPool(uint256 task, address delegate);
    /// @notice Nobody delegates before what others earned until `day` has been closed, drawn and claimed.
    error RewardDue(uint256 task, uint256 day);

    /// @notice Open the caller's pool for delegators; only member `member` of a running task that has a seat.
    /// @param sigmaBps The part of what their stake earns that goes to the task's pool instead, of 10,000.
    function openPool(uint256 task, uint16 member, uint256 sigmaBps) external returns (address pool);

    /// @notice Write down that a round was accepted, if one was on a day that is not written down, and the task's stake;
    /// anybody, once a day. The Alliance keeps only when it accepted last: what nobody notes before the first acceptance of a
    /// later day is not paid.
    function note(uint256 task) external;

    /// @notice Pay a member's delegators what is due to them, at most MAX_STEPS days at once; anybody.
    /// @return amountWei What was paid; 0 where nothing was due.
    function claim(uint256 task, address delegate) external returns (uint256 amountWei);

    /// @notice The Alliance.
    function alliance() external view returns (address);
    /// @notice The emission.
    function emission() external view returns (address);
    /// @notice What every pool is a clone of.
    function pools() external view returns (address);
    /// @notice A member's delegators.
    function delegationOf(uint256 task, address delegate) external view returns (Delegation memory);
    /// @notice The members of a task that have a pool, in the order in which they opened it.
    function delegatesOf(uint256 task) external view returns (address[] memory);
    /// @notice What delegators of a task were paid so far, in the order in which it was drawn.
    function rewardsOf(uint256 task) external view returns (Reward[] memory);
    /// @notice The second of an acceptance that was noted for a day of the emission; 0: none was.
    function acceptedAt(uint256 task, uint256 day) external view returns (uint256);
    /// @notice All that counts as delegated in a task now.
    function delegatedWei(uint256 task) external view returns (uint256);
    /// @notice A pool's weight at the end of a day, or now if the day is not over.
    function weightAt(uint256 task, address delegate, uint256 day) external view returns (uint256);
    /// @notice What `claim` would pay if it took all days at once.
    function claimableWei(uint256 task, address delegate) external view returns (uint256);
}
