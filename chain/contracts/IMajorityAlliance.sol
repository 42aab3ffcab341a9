// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAlliance} from "./IAlliance.sol";

/// @title What IAlliance leaves to the published rule: voters accept or reject one candidate, the losing side pays
/// @notice The motion is keccak256(previous, candidate): the model that was adopted last and the one to follow it.
interface IMajorityAlliance is IAlliance {
    /// @notice Create a task and pay `poolWei` (allowance needed) into its pool; anybody.
    /// @return task Its number, from 1.
    function createTask(TaskParams calldata params, uint256 poolWei) external returns (uint256 task);

    /// @notice Record revealed votes; anybody, until the round is settled.
    /// @param votes Records, in the order of the list: of a vote 74 bytes: uint16 member, uint32 scoreOld, uint32
    /// scoreNew, bytes32 r, bytes32 vs, the signature being over `Vote(uint256 task,uint32 round,bytes32
    /// motion,uint32 scoreOld,uint32 scoreNew)`; of a listed commitment that is not revealed here 34 bytes: uint16
    /// 0x8000 | member, bytes32 commitment. Anywhere: the vote of a member that committed by itself, 74 bytes, its
    /// uint16 being 0x4000 | member. Votes that are here already are passed over. The whole list can be replaced by its
    /// hash, 34 bytes: uint16 0xFFFF, bytes32. A vote is a yes if scoreNew * 10,000 >= scoreOld * (10,000 -
    /// toleranceBps). A member's first vote counts.
    function revealVotes(uint256 task, bytes32 motion, bytes calldata votes) external;

    /// @notice Settle the round, after recording `votes` as `revealVotes` does; anybody, who gets the bounty:
    /// at once when every drawn voter has revealed, none of them late; after the time for omitted commitments when
    /// everything committed is revealed (the list must be given in full, not by its hash); else after the time for
    /// evidence; and if there is evidence, after the time to answer it. So nobody settles early to spare an accomplice.
    ///
    /// Void if less than half of the drawn voters revealed. Accepted if yes >= no. The reward, poolGwei / rounds
    /// left, goes to the proposers who proposed if accepted and to the voters on the winning side, by balance. The
    /// proposers who proposed if rejected, the voters on the losing side and those proven to withhold lose slashBps
    /// of their balance, rounded down, and slashGwei more, at most all of it. Silence is infrastructure: no pay, no
    /// slash. Everything from balances before it. `RoundSettled.model` is the candidate, adopted or not.
    /// @param previous The model adopted last, as the motion names it; ignored where nobody judges.
    /// @param candidate The relayer's; where nobody judges only the relayer may settle, and names it here.
    function settle(uint256 task, bytes32 previous, bytes32 candidate, bytes calldata votes) external;
}
