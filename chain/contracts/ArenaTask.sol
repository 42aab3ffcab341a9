// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IArena} from "./IArena.sol";

/// @notice An account's part in a task. What counts on a day is what stood when the day began, so that nobody can move
/// a validator's assignment under it, or borrow weight for an hour.
struct Staker {
    uint96 ownWei; // held by the Arena
    uint96 delegatedWei; // as its pool last told
    IArena.Role role;
    uint16 lockDays; // what the own stake was locked for
    uint16 changedOn; // day of the last change, plus one; 0: before day 0
    // --- next slot
    uint96 formerOwnWei; // before the changes of that day
    uint96 formerDelegatedWei;
    uint16 formerLockDays;
    uint40 lockedUntil; // second
    // --- next slot
    address pool; // of its delegators
    uint32 bestScore; // a node's lowest consensus on dataset A; valid if `hasBest`
    uint16 bestDay;
    uint16 bestPlace;
    bool hasBest;
    // --- next slot
    uint256 vrfX; // a validator's key
}

/// @notice What counts of an account on a day.
struct Weight {
    uint256 ownGwei;
    uint256 delegatedGwei;
    uint256 weightGwei; // own stake by its lock, and delegatedBps of the delegated
}

/// @notice A day of a task.
struct Epoch {
    uint16 commits; // places
    uint16 settled; // places settled
    uint16 validators; // that committed
    uint16 revealed; // validators that revealed
    uint16 judged; // validators settled
    bool finished;
    uint64 nodesGwei; // own stakes of the nodes whose submissions are ranked, T
    uint64 validatorsGwei; // own stakes of the validators that revealed, V
    bytes32 digest; // of all reveals
    uint128 nodesNowWei;
    uint128 nodesHeldWei;
    uint128 validatorsNowWei;
    uint128 validatorsHeldWei;
    uint256[] best; // see Ranking
    mapping(address account => uint256) entries; // place or index, plus one
    mapping(uint256 place => IArena.Submission) submissions;
    mapping(uint256 index => IArena.Validation) validations;
    mapping(uint256 index => mapping(uint256 word => uint256)) scores; // eight to a word, by place
}

/// @notice Everything about one task.
struct ArenaTask {
    IArena.TaskParams params;
    address creator;
    IArena.Phase phase;
    uint40 beginsAt; // second of day 0
    uint16 finishedDays;
    bool fellBack;
    bytes32 datasetB; // sha256, once it is revealed
    uint128 stakedWei; // own and delegated
    uint128 ownWei;
    uint128 poolWei;
    uint128 fundWei;
    uint128 owedWei;
    uint128 heldNodesWei; // part of owedWei
    uint128 heldValidatorsWei; // part of owedWei
    mapping(address account => Staker) stakers;
    mapping(bytes32 digest => uint256) firsts; // who committed to a model first, see Submissions
    mapping(uint256 day => Epoch) epochs;
}
