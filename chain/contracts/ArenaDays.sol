// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";

import {ArenaClock} from "./ArenaClock.sol";
import {ArenaLedger} from "./ArenaLedger.sol";
import {ArenaMath} from "./ArenaMath.sol";
import {ArenaTask, Epoch, Staker, Weight} from "./ArenaTask.sol";
import {IArena} from "./IArena.sol";
import {Vrf} from "./Vrf.sol";

/// @title What nodes and validators do in the windows of a day; documented in IArena
library ArenaDays {
    using ArenaClock for ArenaTask;
    using ArenaLedger for ArenaTask;

    /// @notice Submissions of a day at most: their scores fill 512 words.
    uint256 internal constant MAX_SUBMISSIONS = 4_096;
    /// @notice Validators of a day at most: so many a settlement holds beside each other.
    uint256 internal constant MAX_VALIDATORS = 256;

    /// @notice See IArena.commitSubmission.
    function commitSubmission(ArenaTask storage t, uint256 task, bytes32 commitment, address fml)
        external
        returns (uint256 place)
    {
        t.requireActive(task);
        uint256 day = t.today(task);
        ArenaClock.requireBefore(task, t.dayAt(t.params.dayCount));
        ArenaClock.requireWithin(task, t.dayAt(day), t.params.submitS);
        t.able(task, msg.sender, IArena.Role.NODE, t.params.minNodeStakeWei);
        place = _addPlace(t.epochs[day], task, day, msg.sender);
        t.epochs[day].submissions[place].digest = commitment;
        uint256 feeWei = t.params.submissionFeeWei;
        t.owedWei += uint128(feeWei);
        emit IArena.SubmissionCommitted(task, day, msg.sender, place, commitment);
        if (feeWei > 0) IERC20(fml).transferFrom(msg.sender, address(this), feeWei);
    }

    /// @notice See IArena.revealSubmission.
    function revealSubmission(ArenaTask storage t, uint256 task, bytes32 digest, uint64 parameters, bytes32 salt)
        external
    {
        t.requireActive(task);
        uint256 day = t.today(task);
        ArenaClock.requireWithin(task, t.dayAt(day) + t.params.submitS, t.params.revealS);
        if (digest == 0) revert IArena.BadParameter("digest", 0);
        Epoch storage e = t.epochs[day];
        (uint256 place, IArena.Submission storage sub) = _committed(e, task, day);
        bytes32 opened = keccak256(abi.encode(task, day, msg.sender, digest, parameters, salt));
        if (opened != sub.digest) revert IArena.WrongOpening(opened, sub.digest);
        bool refused = parameters > t.params.maxParameters || _isCopy(t, task, day, place, digest);
        sub.verdict = refused ? IArena.Verdict.REFUSED : IArena.Verdict.REVEALED;
        sub.digest = digest;
        uint256 weightGwei = _weigh(t, day, sub);
        e.digest = keccak256(abi.encode(e.digest, place, digest));
        emit IArena.SubmissionRevealed(
            task, day, msg.sender, place, digest, parameters, weightGwei, sub.verdict
        );
    }

    /// @notice See IArena.commitScores.
    function commitScores(ArenaTask storage t, uint256 task, bytes32 commitment) external {
        t.requireActive(task);
        uint256 day = t.today(task);
        ArenaClock.requireWithin(task, t.scoreAt(day), t.params.scoreS);
        Epoch storage e = t.epochs[day];
        uint256 places = e.commits;
        if (places == 0 || e.digest == 0 || (day == t.params.dayCount && t.datasetB == 0)) {
            revert IArena.NothingToScore(task, day);
        }
        uint256 minWei = t.params.minValidatorStakeWei;
        Weight memory w = t.able(task, msg.sender, IArena.Role.VALIDATOR, minWei);
        uint256 quota = ArenaMath.quota(w.weightGwei, minWei, t.params.validatorLimit);
        if (quota == 0) revert IArena.NoQuota(task, msg.sender, w.weightGwei);
        if (quota > places) quota = places;
        if (e.entries[msg.sender] != 0) revert IArena.AlreadyDone(task, day, msg.sender);
        uint256 index = e.validators;
        if (index >= MAX_VALIDATORS) revert IArena.DayFull(task, day, MAX_VALIDATORS);
        e.validators = uint16(index + 1);
        e.entries[msg.sender] = index + 1;
        IArena.Validation storage v = e.validations[index];
        v.validator = msg.sender;
        v.quota = uint16(quota);
        v.sigmaBps = t.sigmaBps(msg.sender, day);
        v.ownGwei = uint64(w.ownGwei);
        v.delegatedGwei = uint64(w.delegatedGwei);
        v.weightGwei = uint64(w.weightGwei);
        v.commitment = commitment;
        emit IArena.ScoresCommitted(task, day, msg.sender, index, w.weightGwei, quota, commitment);
    }

    /// @notice See IArena.revealScores.
    function revealScores(
        ArenaTask storage t,
        uint256 task,
        Vrf.Proof calldata proof,
        uint256[] calldata scores,
        bytes32 salt
    ) external {
        t.requireActive(task);
        uint256 day = t.today(task);
        ArenaClock.requireWithin(task, t.scoreAt(day) + t.params.scoreS, t.params.revealScoresS);
        Epoch storage e = t.epochs[day];
        uint256 entry = e.entries[msg.sender];
        if (entry == 0 || t.stakers[msg.sender].role != IArena.Role.VALIDATOR) revert IArena.WrongOpening(0, 0);
        IArena.Validation storage v = e.validations[entry - 1];
        if (v.revealed) revert IArena.AlreadyDone(task, day, msg.sender);
        uint256 words = (uint256(e.commits) + 7) / 8;
        if (scores.length != words) revert IArena.WrongLength(scores.length, words);
        bytes32 opened = keccak256(abi.encode(task, day, msg.sender, scores, salt));
        if (opened != v.commitment) revert IArena.WrongOpening(opened, v.commitment);
        bytes32 beta = Vrf.verify(t.stakers[msg.sender].vrfX, alpha(t, task, day), proof);
        (uint256 start, uint256 stride, uint256 inverse) = ArenaMath.assigned(beta, e.commits);
        v.revealed = true;
        v.start = uint16(start);
        v.inverse = uint16(inverse);
        e.revealed += 1;
        e.validatorsGwei += v.ownGwei;
        mapping(uint256 word => uint256) storage stored = e.scores[entry - 1];
        for (uint256 i = 0; i < words; ++i) {
            if (scores[i] != 0) stored[i] = scores[i];
        }
        emit IArena.ScoresRevealed(task, day, msg.sender, start, stride, scores);
    }

    /// @notice See IArena.revealDatasetB.
    function revealDatasetB(ArenaTask storage t, uint256 task, bytes32 digest, bytes32 salt) external {
        uint256 day = _final(t, task);
        if (t.datasetB != 0) revert IArena.AlreadyDone(task, day, t.creator);
        bytes32 opened = keccak256(abi.encode(digest, salt));
        if (opened != t.params.datasetB) revert IArena.WrongOpening(opened, t.params.datasetB);
        if (digest == 0) revert IArena.BadParameter("digest", 0);
        t.datasetB = digest;
        emit IArena.DatasetBRevealed(task, digest);
    }

    /// @notice See IArena.enterFinal.
    function enterFinal(ArenaTask storage t, uint256 task, address[] calldata nodes) external {
        uint256 day = _final(t, task);
        if (t.finishedDays != day) revert IArena.WrongDay(task, day, t.finishedDays);
        Epoch storage e = t.epochs[day];
        for (uint256 i = 0; i < nodes.length; ++i) {
            if (e.entries[nodes[i]] == 0) _enter(t, e, task, day, nodes[i]);
        }
    }

    /// @return What validators' VRF outputs are over on a day.
    function alpha(ArenaTask storage t, uint256 task, uint256 day) internal view returns (bytes32) {
        return keccak256(abi.encode(address(this), block.chainid, task, day, t.epochs[day].digest));
    }

    function _enter(ArenaTask storage t, Epoch storage e, uint256 task, uint256 day, address node) private {
        Staker storage s = t.stakers[node];
        if (!s.hasBest) revert IArena.NothingToEnter(task, node);
        uint256 place = _addPlace(e, task, day, node);
        IArena.Submission storage sub = e.submissions[place];
        sub.digest = t.epochs[s.bestDay].submissions[s.bestPlace].digest;
        sub.verdict = IArena.Verdict.REVEALED;
        _weigh(t, day, sub);
        e.digest = keccak256(abi.encode(e.digest, place, sub.digest));
        emit IArena.FinalEntered(task, node, place, s.bestDay, s.bestPlace);
    }

    function _addPlace(Epoch storage e, uint256 task, uint256 day, address node) private returns (uint256 place) {
        if (e.entries[node] != 0) revert IArena.AlreadyDone(task, day, node);
        place = e.commits;
        if (place >= MAX_SUBMISSIONS) revert IArena.DayFull(task, day, MAX_SUBMISSIONS);
        e.commits = uint16(place + 1);
        e.entries[node] = place + 1;
        e.submissions[place].node = node;
    }

    /// @dev The caller's submission of a day, which must not be revealed.
    function _committed(Epoch storage e, uint256 task, uint256 day)
        private
        view
        returns (uint256 place, IArena.Submission storage sub)
    {
        uint256 entry = e.entries[msg.sender];
        if (entry == 0) revert IArena.WrongOpening(0, 0);
        place = entry - 1;
        sub = e.submissions[place];
        if (sub.verdict != IArena.Verdict.COMMITTED) revert IArena.AlreadyDone(task, day, msg.sender);
    }

    /// @dev Write down what counts of a submission's node on this day.
    function _weigh(ArenaTask storage t, uint256 day, IArena.Submission storage sub) private returns (uint256) {
        address node = sub.node;
        Weight memory w = t.weight(t.stakers[node]);
        sub.sigmaBps = t.sigmaBps(node, day);
        sub.ownGwei = uint64(w.ownGwei);
        sub.delegatedGwei = uint64(w.delegatedGwei);
        sub.weightGwei = uint64(w.weightGwei);
        return w.weightGwei;
    }

    /// @dev Whether another node committed to this model earlier; if another did later on the same day, that is the
    /// copy. Who was first: day, place and node, from above.
    function _isCopy(ArenaTask storage t, uint256 task, uint256 day, uint256 place, bytes32 digest)
        private
        returns (bool)
    {
        uint256 first = t.firsts[digest];
        uint256 own = (day << 176) | (place << 160) | uint160(msg.sender);
        if (first != 0) {
            if (address(uint160(first)) == msg.sender) return false;
            if (first < own) {
                emit IArena.CopyRefused(task, day, place, digest);
                return true;
            }
            uint256 later = uint16(first >> 160);
            t.epochs[day].submissions[later].verdict = IArena.Verdict.REFUSED;
            emit IArena.CopyRefused(task, day, later, digest);
        }
        t.firsts[digest] = own;
        return false;
    }

    /// @dev The B day, in whose first two windows it must be.
    function _final(ArenaTask storage t, uint256 task) private view returns (uint256 day) {
        t.requireActive(task);
        day = t.params.dayCount;
        ArenaClock.requireWithin(task, t.dayAt(day), t.params.submitS + t.params.revealS);
    }
}
