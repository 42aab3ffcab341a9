// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AllianceCore} from "./AllianceCore.sol";
import {Candidates, CandidateTask} from "./Candidates.sol";
import {ICandidateAlliance} from "./ICandidateAlliance.sol";
import {Messages} from "./Messages.sol";
import {Phases} from "./Phases.sol";
import {Task} from "./Task.sol";

/// @title FL Alliance under candidate voting
/// @notice Documented in ICandidateAlliance.
contract CandidateAlliance is AllianceCore, ICandidateAlliance {
    using Phases for Task;

    /// @notice Proposers of a round at most, and voters.
    uint256 public constant MAX_COMMITTEE = Candidates.MAX_COMMITTEE;

    mapping(uint256 task => CandidateTask) private _candidates;

    /// @param fml_ The FML token.
    constructor(address fml_) AllianceCore(fml_) {}

    /// @inheritdoc ICandidateAlliance
    function createTask(TaskParams calldata p, CandidateTerms calldata terms, uint256 poolWei)
        external
        returns (uint256 task)
    {
        Candidates.create(_candidates[taskCount + 1], p, terms);
        return _create(p, poolWei);
    }

    /// @inheritdoc ICandidateAlliance
    function revealVotes(uint256 task, bytes calldata menu, bytes calldata votes) external {
        Candidates.revealVotes(_tasks[task], _candidates[task], task, _domainSeparatorV4(), menu, votes);
    }

    /// @inheritdoc ICandidateAlliance
    function settle(uint256 task, bytes calldata menu, bytes calldata votes) external {
        Candidates.settle(_tasks[task], _candidates[task], creditGwei, task, _domainSeparatorV4(), menu, votes);
    }

    /// @inheritdoc ICandidateAlliance
    function candidateTerms(uint256 task) external view returns (CandidateTerms memory) {
        _tasks[task].known(task);
        return _candidates[task].terms;
    }

    /// @inheritdoc ICandidateAlliance
    function records(uint256 task) external view returns (Record[] memory) {
        return Candidates.records(_tasks[task], task);
    }

    /// @inheritdoc ICandidateAlliance
    function prior(uint256 task) external view returns (uint256 candidates, int256[] memory improvements) {
        return Candidates.prior(_tasks[task], _candidates[task], task);
    }

    function _voteType() internal pure override returns (bytes32) {
        return Messages.SCORES;
    }
}
