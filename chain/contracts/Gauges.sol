// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IEmission} from "./IEmission.sol";
import {IFML} from "./IFML.sol";
import {IGauges} from "./IGauges.sol";
import {IModels} from "./IModels.sol";
import {ITaskSource} from "./ITaskSource.sol";
import {ITills} from "./ITills.sol";
import {Shares} from "./Shares.sol";

/// @title Gauges
/// @notice Documented in IGauges; the reference of its divisions is `chain/rules/gauges.py`.
contract Gauges is IGauges {
    /// @notice Seconds of an epoch.
    uint256 public constant EPOCH_S = 7 days;
    /// @notice Gauges of one ballot at most.
    uint256 public constant MAX_CHOICES = 32;

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IGauges
    address public immutable fml;
    /// @notice The votes: VoteLock.
    IVotes public immutable votes;
    /// @notice Which tasks there are, and who is told what they weigh.
    IEmission public immutable emission;
    /// @notice Which models there are.
    IModels public immutable models;
    /// @notice Knows models' tills.
    ITills public immutable revenue;
    /// @notice The DAO's timelock.
    address public immutable dao;
    /// @inheritdoc IGauges
    uint256 public immutable startAt;

    Terms private _terms;
    mapping(uint256 epoch => mapping(bytes32 gauge => uint256)) private _votesWei;
    mapping(uint256 epoch => mapping(Kind => uint256)) private _castWei;
    mapping(uint256 epoch => mapping(address voter => bool)) private _voted;
    /// @inheritdoc IGauges
    mapping(uint256 epoch => mapping(uint256 model => uint256)) public paidWei;
    mapping(uint256 epoch => uint256) private _spentWei; // what models were paid of an epoch

    constructor(IVotes votes_, IEmission emission_, IModels models_, ITills revenue_, address dao_, Terms memory terms_) {
        (votes, emission, models, revenue, dao) = (votes_, emission_, models_, revenue_, dao_);
        (fml, startAt) = (emission_.fml(), block.timestamp);
        _setTerms(terms_);
    }

    // --- Voters -----------------------------------------------------------------------------------------------------

    /// @inheritdoc IGauges
    function vote(Choice[] calldata choices) external {
        uint256 epoch = epochNow();
        if (_voted[epoch][msg.sender]) revert AlreadyVoted(msg.sender, epoch);
        if (choices.length == 0 || choices.length > MAX_CHOICES) revert BadParameter("choices", choices.length);
        uint256 held = votes.getPastVotes(msg.sender, countedAt(epoch));
        if (held == 0) revert NoVotes(msg.sender);
        _voted[epoch][msg.sender] = true;
        uint256 allBps = 0;
        bytes32 former = 0;
        for (uint256 i = 0; i < choices.length; ++i) {
            Choice calldata choice = choices[i];
            bytes32 gauge = _gauge(choice.source, choice.number);
            // In order, so that none comes twice and a voter's cap is one.
            if (gauge <= former) revert NotAscending(i);
            if (choice.bps == 0 || choice.bps > _terms.voterBps) revert BadParameter("bps", choice.bps);
            former = gauge;
            allBps += choice.bps;
            _cast(epoch, gauge, choice, held * choice.bps / BPS);
        }
        if (allBps > BPS) revert BadParameter("bps", allBps);
    }

    // --- After an epoch: anybody ------------------------------------------------------------------------------------

    /// @inheritdoc IGauges
    function weigh(address source, uint256 task) external returns (uint256 percent) {
        uint256 epoch = _ended();
        percent = Shares.WHOLE + shareBps(epoch, source, task) * _terms.boost / _terms.gaugeBps;
        emit Weighed(epoch, source, task, percent);
        emission.weigh(source, task, percent);
    }

    /// @inheritdoc IGauges
    function pay(uint256 model) external returns (uint256 amountWei) {
        uint256 epoch = _ended();
        if (models.listingOf(model).closed) revert NoGauge(address(models), model);
        amountWei = dueWei(epoch, model);
        if (amountWei == 0) revert NothingDue(epoch, model);
        paidWei[epoch][model] += amountWei;
        _spentWei[epoch] += amountWei;
        emit ModelPaid(epoch, model, amountWei);
        IFML(fml).transfer(revenue.tillOf(model), amountWei);
    }

    // --- The DAO ----------------------------------------------------------------------------------------------------

    /// @inheritdoc IGauges
    function setTerms(Terms memory terms_) external {
        _requireDao();
        _setTerms(terms_);
    }

    /// @inheritdoc IGauges
    function withdraw(address to, uint256 amountWei) external {
        _requireDao();
        emit Withdrawn(to, amountWei);
        IFML(fml).transfer(to, amountWei);
    }

    // --- What is known ----------------------------------------------------------------------------------------------

    /// @inheritdoc IGauges
    function epochNow() public view returns (uint256) {
        return (block.timestamp - startAt) / EPOCH_S;
    }

    /// @inheritdoc IGauges
    function countedAt(uint256 epoch) public view returns (uint256) {
        return startAt + epoch * EPOCH_S - 1;
    }

    /// @inheritdoc IGauges
    function shareBps(uint256 epoch, address source, uint256 number) public view returns (uint256) {
        uint256 floorWei = votes.getPastTotalSupply(countedAt(epoch)) * _terms.floorBps / BPS;
        uint256 ofWei = Math.max(_castWei[epoch][kindOf(source, number)], floorWei);
        if (ofWei == 0) return 0;
        return Math.min(_votesWei[epoch][_gauge(source, number)] * BPS / ofWei, _terms.gaugeBps);
    }

    /// @inheritdoc IGauges
    function kindOf(address source, uint256 number) public view returns (Kind) {
        if (source == address(models)) return Kind.MODEL;
        return Kind(uint256(emission.kindOf(source, number)));
    }

    /// @inheritdoc IGauges
    function votesWei(uint256 epoch, address source, uint256 number) external view returns (uint256) {
        return _votesWei[epoch][_gauge(source, number)];
    }

    /// @inheritdoc IGauges
    function castWei(uint256 epoch, Kind kind) external view returns (uint256) {
        return _castWei[epoch][kind];
    }

    /// @inheritdoc IGauges
    function hasVoted(uint256 epoch, address voter) external view returns (bool) {
        return _voted[epoch][voter];
    }

    /// @inheritdoc IGauges
    /// @dev What was paid of the epoch counts as if it were still here, so that nobody gains or loses by the order.
    function dueWei(uint256 epoch, uint256 model) public view returns (uint256) {
        uint256 held = IFML(fml).balanceOf(address(this));
        uint256 budgetWei = Math.min(_terms.budgetWei, held + _spentWei[epoch]);
        uint256 shareWei = budgetWei * shareBps(epoch, address(models), model) / BPS;
        return Math.min(held, Math.saturatingSub(shareWei, paidWei[epoch][model]));
    }

    /// @inheritdoc IGauges
    function terms() external view returns (Terms memory) {
        return _terms;
    }

    // --- Steps that several calls share -----------------------------------------------------------------------------

    function _cast(uint256 epoch, bytes32 gauge, Choice calldata choice, uint256 amountWei) private {
        Kind kind = kindOf(choice.source, choice.number);
        bool open = kind == Kind.MODEL
            ? !models.listingOf(choice.number).closed
            : emission.isVerified(choice.source, choice.number);
        if (!open) revert NoGauge(choice.source, choice.number);
        address owner =
            kind == Kind.MODEL ? models.hostOf(choice.number) : ITaskSource(choice.source).creatorOf(choice.number);
        if (owner == msg.sender) revert OwnGauge(msg.sender, choice.source, choice.number);
        _votesWei[epoch][gauge] += amountWei;
        _castWei[epoch][kind] += amountWei;
        emit Voted(epoch, msg.sender, choice.source, choice.number, amountWei);
    }

    /// @dev The last epoch that is over.
    function _ended() private view returns (uint256) {
        uint256 epoch = epochNow();
        if (epoch == 0) revert NoEpochOver(startAt + EPOCH_S);
        return epoch - 1;
    }

    function _setTerms(Terms memory terms_) private {
        if (terms_.voterBps == 0 || terms_.voterBps > BPS) revert BadParameter("voterBps", terms_.voterBps);
        if (terms_.gaugeBps == 0 || terms_.gaugeBps > BPS) revert BadParameter("gaugeBps", terms_.gaugeBps);
        if (terms_.floorBps > BPS) revert BadParameter("floorBps", terms_.floorBps);
        if (terms_.boost > Shares.MAX_PERCENT - Shares.WHOLE) revert BadParameter("boost", terms_.boost);
        _terms = terms_;
        emit TermsSet(terms_);
    }

    function _requireDao() private view {
        if (msg.sender != dao) revert NotAllowed(msg.sender, dao);
    }

    function _gauge(address source, uint256 number) private pure returns (bytes32) {
        return keccak256(abi.encode(source, number));
    }
}
