// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {GovernorVotesQuorumFraction} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Premises} from "./Premises.sol";
import {Reviews} from "./Reviews.sol";

/// @title The DAO
/// @notice OpenZeppelin's Governor over votes locked in VoteLock, with a review before the vote. A proposal's life:
/// staked and proposed; in review (`Pending`), where holders sign in, or flag it as a scam or frivolous; where enough
/// signed in, a general meeting (`Active`); the time lock; executed. `Reviews` says what becomes of the stake.
contract Dao is
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotesQuorumFraction,
    GovernorPreventLateQuorum,
    GovernorTimelockControl,
    Reviews,
    Premises
{
    /// @notice How long the stages are, and what they take.
    struct Terms {
        uint48 reviewS; // seconds of a review
        uint32 voteS; // seconds of a general meeting
        uint48 lateS; // seconds that a meeting lasts at least after its quorum was reached, or its outcome has turned
        uint256 quorumPercent; // of the locked FML, for or abstaining, that a vote takes
        ReviewTerms review;
    }

    /// @notice Seconds of a review and of a general meeting at least and at most: no proposal can end all others.
    uint256 public constant MIN_STAGE_S = 1 hours;
    uint256 public constant MAX_STAGE_S = 30 days;
    /// @notice Seconds by which votes that turn a meeting's outcome prolong it at most.
    uint256 public constant MAX_TURNS_S = 7 days;
    /// @notice Percent of the locked FML that a vote takes at most.
    uint256 public constant MAX_QUORUM_PERCENT = 50;

    mapping(uint256 proposalId => bool) private _passing; // by the votes so far
    mapping(uint256 proposalId => uint256) private _turnedUntil; // the end that votes which turned the outcome give it

    /// @notice Seconds of a stage, percent of a quorum, or a threshold, are outside their range.
    error NotWithin(uint256 given, uint256 least, uint256 most);

    constructor(IVotes votes, TimelockController timelock_, address fml, Terms memory terms)
        Governor("FL Alliance DAO")
        GovernorSettings(terms.reviewS, terms.voteS, 0)
        GovernorVotes(votes)
        GovernorVotesQuorumFraction(terms.quorumPercent)
        GovernorPreventLateQuorum(terms.lateS)
        GovernorTimelockControl(timelock_)
        Reviews(fml, address(timelock_), terms.review)
    {}

    /// @inheritdoc Governor
    function state(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl, Reviews)
        returns (ProposalState)
    {
        return super.state(proposalId);
    }

    /// @notice Votes for or abstaining that a general meeting takes: a share of those locked, and `floorWei` at least,
    /// both as they were at `timepoint`.
    function quorum(uint256 timepoint)
        public
        view
        override(Governor, GovernorVotesQuorumFraction)
        returns (uint256)
    {
        return Math.max(super.quorum(timepoint), _floorWei(timepoint));
    }

    /// @inheritdoc Governor
    /// @dev Whoever turns the outcome late leaves the others time to answer, as who completes the quorum late does.
    function proposalDeadline(uint256 proposalId)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return Math.max(super.proposalDeadline(proposalId), _turnedUntil[proposalId]);
    }

    /// @inheritdoc Governor
    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    /// @inheritdoc Governor
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal override(Governor, Reviews) returns (uint256) {
        return super._propose(targets, values, calldatas, description, proposer);
    }

    function _validateCancel(uint256 proposalId, address caller)
        internal
        view
        override(Governor, Reviews)
        returns (bool)
    {
        return super._validateCancel(proposalId, caller);
    }

    function _setVotingDelay(uint48 delayS) internal override {
        _requireRange(delayS, MIN_STAGE_S, MAX_STAGE_S);
        super._setVotingDelay(delayS);
    }

    function _setVotingPeriod(uint32 periodS) internal override {
        _requireRange(periodS, MIN_STAGE_S, MAX_STAGE_S);
        super._setVotingPeriod(periodS);
    }

    /// @dev A proposal takes a stake, and no votes.
    function _setProposalThreshold(uint256 votes) internal override {
        _requireRange(votes, 0, 0);
        super._setProposalThreshold(votes);
    }

    function _updateQuorumNumerator(uint256 percent) internal override {
        _requireRange(percent, 0, MAX_QUORUM_PERCENT);
        super._updateQuorumNumerator(percent);
    }

    function _requireRange(uint256 given, uint256 least, uint256 most) private pure {
        if (given < least || given > most) revert NotWithin(given, least, most);
    }

    function _tallyUpdated(uint256 proposalId) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(proposalId);
        bool passing = _quorumReached(proposalId) && _voteSucceeded(proposalId);
        if (passing == _passing[proposalId]) return;
        _passing[proposalId] = passing;
        uint256 most = Governor.proposalDeadline(proposalId) + MAX_TURNS_S;
        uint256 until = Math.min(clock() + lateQuorumVoteExtension(), most);
        if (until <= proposalDeadline(proposalId)) return;
        _turnedUntil[proposalId] = until;
        emit ProposalExtended(proposalId, uint64(until));
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }
}
