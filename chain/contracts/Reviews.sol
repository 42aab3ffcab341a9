// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

import {Treasury} from "./Treasury.sol";

/// @title Reviews of proposals before the vote
/// @notice Who proposes stakes FML. Until the review ends each holder may appear once, by the votes that it had when the
/// proposal was made: sign in, or flag. The general meeting opens where `presenceBps` of all votes, and `floorWei` at
/// least, have appeared and the proposal is not condemned. It is condemned where flags are `flagBps` of all votes and more than half of those
/// that appeared: who flags to hinder others is outvoted by who signs in, for which the last third of a review is left. A
/// condemned proposal's stake goes to the treasury; every other comes back, and an executed one brings its author a
/// reward. What has passed and is not executed for `LAPSE_S` expires: nobody keeps it to undo what was decided since.
abstract contract Reviews is GovernorVotes {
    using Checkpoints for Checkpoints.Trace208;

    /// @notice What reviews take and give. All of it can be set by a proposal alone.
    struct ReviewTerms {
        uint128 stakeWei; // of a proposal
        uint128 rewardWei; // of an executed one
        uint16 presenceBps; // of all votes, of 10,000, that open the general meeting
        uint16 flagBps; // of all votes, of 10,000, that condemn
        uint128 floorWei; // votes that must appear, and vote, at least, however few are locked
    }

    /// @notice How a holder appears in a review.
    enum Appearance {
        NONE,
        PRESENT,
        SCAM,
        FRIVOLOUS
    }

    /// @notice A proposal's review.
    struct Review {
        uint48 countedAt; // the second by whose votes holders appear
        bool settled; // its stake has gone where it belongs
        uint16 presenceBps; // the terms when it was proposed
        uint16 flagBps;
        uint128 floorWei;
        uint128 stakeWei;
        uint128 rewardWei;
        uint128 scamWei; // votes that flagged it
        uint128 frivolousWei;
        uint128 presentWei; // votes that signed in
    }

    /// @notice Seconds in which a proposal that has passed can be queued, and then one that has waited be executed.
    uint256 public constant LAPSE_S = 14 days;
    /// @notice A proposal's stake at most, and the votes that must appear and vote at most, in wei: no proposal can set terms
    /// under which there is never another.
    uint256 public constant MAX_STAKE_WEI = 1_000_000 ether;
    uint256 public constant MAX_FLOOR_WEI = 10_000_000 ether;

    uint256 private constant BPS = 10_000;

    /// @notice The token of stakes and rewards.
    IERC20 public immutable fml;
    /// @notice Takes the stakes of the condemned, and pays the rewards.
    Treasury public immutable treasury;

    ReviewTerms private _terms;
    Checkpoints.Trace208 private _floors; // `floorWei` by second: what is over is counted by that of its time
    mapping(uint256 proposalId => Review) private _reviews;
    mapping(uint256 proposalId => mapping(address holder => Appearance)) private _appearances;
    mapping(address proposer => uint256 proposalId) private _latest;

    /// @notice `holder` appeared with `votesWei` votes.
    event Appeared(uint256 indexed proposalId, address indexed holder, Appearance appearance, uint256 votesWei);
    /// @notice A proposal's stake went to `to`, with the reward that was paid.
    event StakeSettled(uint256 indexed proposalId, address indexed to, uint256 stakeWei, uint256 rewardWei);
    /// @notice The terms of later proposals.
    event ReviewTermsSet(ReviewTerms terms);

    /// @notice `proposer` has a proposal that is not decided: one at a time.
    error AlreadyProposing(address proposer, uint256 proposalId);
    /// @notice `holder` has appeared, as this.
    error AlreadyAppeared(address holder, Appearance appearance);
    /// @notice The rest of the review, from second `until` on, is for who signs in.
    error FlagsClosed(uint256 until);
    /// @notice `holder` had no votes when the proposal was made.
    error NoVotes(address holder);
    /// @notice The stake is settled already, or the proposal is not decided.
    error NotSettleable(uint256 proposalId);
    /// @notice Terms that would let nothing pass, condemn everything, or take more than anybody has.
    error BadTerms();

    constructor(address fml_, address timelock_, ReviewTerms memory terms) {
        fml = IERC20(fml_);
        treasury = new Treasury(fml_, timelock_, address(this));
        _setTerms(terms);
    }

    /// @notice Appear in a review: sign in, or flag before its last third.
    function appear(uint256 proposalId, Appearance appearance) external {
        _validateStateBitmap(proposalId, _encodeStateBitmap(ProposalState.Pending));
        Review storage review = _reviews[proposalId];
        Appearance before = _appearances[proposalId][msg.sender];
        if (before != Appearance.NONE || appearance == Appearance.NONE) revert AlreadyAppeared(msg.sender, before);
        if (appearance != Appearance.PRESENT && clock() >= flagsUntil(proposalId)) {
            revert FlagsClosed(flagsUntil(proposalId));
        }
        uint128 votesWei = uint128(token().getPastVotes(msg.sender, review.countedAt));
        if (votesWei == 0) revert NoVotes(msg.sender);
        _appearances[proposalId][msg.sender] = appearance;
        if (appearance == Appearance.PRESENT) review.presentWei += votesWei;
        else if (appearance == Appearance.SCAM) review.scamWei += votesWei;
        else review.frivolousWei += votesWei;
        emit Appeared(proposalId, msg.sender, appearance, votesWei);
    }

    /// @notice Send a decided proposal's stake where it belongs, and pay the reward of an executed one; by anybody.
    function settleStake(uint256 proposalId) external {
        Review storage review = _reviews[proposalId];
        ProposalState decided = state(proposalId);
        if (review.settled || !_isFinal(decided)) revert NotSettleable(proposalId);
        review.settled = true;
        address proposer = proposalProposer(proposalId);
        bool lost = _isCondemned(review);
        address to = lost ? address(treasury) : proposer;
        uint256 paidWei =
            decided == ProposalState.Executed ? treasury.reward(proposer, review.rewardWei) : 0;
        emit StakeSettled(proposalId, to, review.stakeWei, paidWei);
        fml.transfer(to, review.stakeWei);
    }

    /// @notice Set the terms of later proposals; only by a proposal.
    function setReviewTerms(ReviewTerms memory terms) external onlyGovernance {
        _setTerms(terms);
    }

    /// @notice The terms of the next proposal.
    function reviewTerms() external view returns (ReviewTerms memory) {
        return _terms;
    }

    /// @notice The second before which a proposal can be flagged.
    function flagsUntil(uint256 proposalId) public view returns (uint256) {
        uint256 endsAt = proposalSnapshot(proposalId);
        return endsAt - (endsAt - _reviews[proposalId].countedAt) / 3;
    }

    /// @notice A proposal's review.
    function reviewOf(uint256 proposalId) external view returns (Review memory) {
        return _reviews[proposalId];
    }

    /// @notice How a holder has appeared.
    function appearanceOf(uint256 proposalId, address holder) external view returns (Appearance) {
        return _appearances[proposalId][holder];
    }

    /// @notice Whether flags have condemned a proposal, as far as its review has come.
    function isCondemned(uint256 proposalId) external view returns (bool) {
        return _isCondemned(_reviews[proposalId]);
    }

    /// @inheritdoc Governor
    /// @dev A proposal whose review ended without a general meeting is `Defeated`; one that nobody executes, `Expired`.
    function state(uint256 proposalId) public view virtual override returns (ProposalState current) {
        current = super.state(proposalId);
        if (current == ProposalState.Pending || current == ProposalState.Canceled) return current;
        Review storage review = _reviews[proposalId];
        if (!_isOpened(review) || _isCondemned(review)) return ProposalState.Defeated;
        bool waits = current == ProposalState.Queued;
        if (!waits && current != ProposalState.Succeeded) return current;
        uint256 from = waits ? proposalEta(proposalId) : proposalDeadline(proposalId);
        if (clock() > from + LAPSE_S) return ProposalState.Expired;
    }

    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal virtual override returns (uint256 proposalId) {
        uint256 latest = _latest[proposer];
        if (latest != 0 && !_isFinal(state(latest))) revert AlreadyProposing(proposer, latest);
        proposalId = super._propose(targets, values, calldatas, description, proposer);
        _latest[proposer] = proposalId;
        Review storage review = _reviews[proposalId];
        (review.countedAt, review.stakeWei, review.rewardWei) = (clock() - 1, _terms.stakeWei, _terms.rewardWei);
        (review.presenceBps, review.flagBps, review.floorWei) = (_terms.presenceBps, _terms.flagBps, _terms.floorWei);
        fml.transferFrom(proposer, address(this), _terms.stakeWei);
    }

    /// @dev Its author may take a proposal back in its review, unless anybody has flagged it.
    function _validateCancel(uint256 proposalId, address caller) internal view virtual override returns (bool) {
        Review storage review = _reviews[proposalId];
        return review.scamWei + review.frivolousWei == 0 && super._validateCancel(proposalId, caller);
    }

    /// @dev The votes that a general meeting takes at least, in wei, however few were locked at `timepoint`.
    function _floorWei(uint256 timepoint) internal view returns (uint256) {
        return _floors.upperLookupRecent(uint48(timepoint));
    }

    function _setTerms(ReviewTerms memory terms) private {
        if (terms.presenceBps > BPS / 2 || terms.flagBps == 0 || terms.flagBps > BPS) revert BadTerms();
        if (terms.stakeWei > MAX_STAKE_WEI || terms.floorWei > MAX_FLOOR_WEI) revert BadTerms();
        _terms = terms;
        _floors.push(clock(), terms.floorWei);
        emit ReviewTermsSet(terms);
    }

    function _isFinal(ProposalState decided) private pure returns (bool) {
        return decided == ProposalState.Canceled || decided == ProposalState.Defeated
            || decided == ProposalState.Expired || decided == ProposalState.Executed;
    }

    function _isCondemned(Review storage review) private view returns (bool) {
        uint256 flagsWei = uint256(review.scamWei) + review.frivolousWei;
        return flagsWei > 0 && flagsWei * BPS >= _allWei(review) * review.flagBps && flagsWei > review.presentWei;
    }

    function _isOpened(Review storage review) private view returns (bool) {
        uint256 appearedWei = uint256(review.presentWei) + review.scamWei + review.frivolousWei;
        return appearedWei >= review.floorWei && appearedWei * BPS >= _allWei(review) * review.presenceBps;
    }

    function _allWei(Review storage review) private view returns (uint256) {
        return token().getPastTotalSupply(review.countedAt);
    }
}
