// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ArenaClock} from "./ArenaClock.sol";
import {ArenaConsensus} from "./ArenaConsensus.sol";
import {ArenaLedger} from "./ArenaLedger.sol";
import {ArenaTask, Epoch, Staker} from "./ArenaTask.sol";
import {IArena} from "./IArena.sol";
import {Panel, Panels} from "./Panels.sol";
import {Ranking} from "./Ranking.sol";

/// @title How a day is settled, batch by batch; documented in IArena
library ArenaSettlement {
    using ArenaClock for ArenaTask;
    using ArenaLedger for ArenaTask;
    using Panels for Panel;
    using Ranking for Ranking.Board;

    /// @notice See IArena.settle.
    function settle(ArenaTask storage t, uint256 task, uint256 day, uint256 count) external returns (uint256) {
        t.requireActive(task);
        t.requireDay(task, day);
        ArenaClock.requireFrom(task, t.settleAt(day));
        Epoch storage e = t.epochs[day];
        if (left(e) == 0 || count == 0) revert IArena.NothingThere();
        uint256 places = _least(count, e.commits - e.settled);
        if (places > 0) _settlePlaces(t, e, task, day, places);
        uint256 validators = _least(count - places, e.validators - e.judged);
        if (validators > 0) _judge(t, e, task, day, validators);
        return left(e);
    }

    /// @return How many places and validators of a day are not settled.
    function left(Epoch storage e) internal view returns (uint256) {
        return uint256(e.commits - e.settled) + (e.validators - e.judged);
    }

    /// @dev The next `count` places: their consensus, their verdict, and what validators earn by them.
    function _settlePlaces(ArenaTask storage t, Epoch storage e, uint256 task, uint256 day, uint256 count) private {
        Panel memory panel = Panels.load(e, t.params.powerHalves);
        Ranking.Board memory board = Ranking.load(e.best, t.params.paidNodes);
        uint256 place = e.settled;
        uint256 until = place + count;
        uint256 nodesGwei = e.nodesGwei;
        uint256 decayWad = t.params.decayWad;
        for (; place < until; ++place) {
            IArena.Submission storage sub = e.submissions[place];
            if (sub.verdict == IArena.Verdict.COMMITTED) {
                _keepFee(t, day);
                continue;
            }
            // What the contract itself refused needs no validator: it moves nobody's pay.
            bool refused = sub.verdict == IArena.Verdict.REFUSED;
            (bool scored, uint256 score) =
                refused ? (true, ArenaConsensus.WORST) : panel.judge(e, place, decayWad);
            if (_close(t, sub, task, day, place, scored, score)) {
                board.insert(score, place, sub.weightGwei);
                nodesGwei += sub.ownGwei;
            }
        }
        e.settled = uint16(until);
        e.nodesGwei = uint64(nodesGwei);
        Ranking.store(e.best, board);
        panel.store(e);
    }

    /// @dev Write a verdict down, and take what it costs.
    /// @return ranked Whether the submission takes part in the ranking.
    function _close(
        ArenaTask storage t,
        IArena.Submission storage sub,
        uint256 task,
        uint256 day,
        uint256 place,
        bool scored,
        uint256 score
    ) private returns (bool ranked) {
        ranked = scored && score != ArenaConsensus.WORST;
        IArena.Verdict verdict = ranked
            ? IArena.Verdict.RANKED
            : scored ? IArena.Verdict.WORST : IArena.Verdict.UNSCORED;
        sub.verdict = verdict;
        sub.score = uint32(score);
        emit IArena.SubmissionSettled(task, day, sub.node, place, verdict, score);
        if (verdict == IArena.Verdict.WORST) {
            _keepFee(t, day);
            t.slash(task, day, sub.node);
        }
        if (ranked && day < t.params.dayCount) _keepBest(t.stakers[sub.node], day, place, score);
    }

    /// @dev Who committed and did not reveal pays for it.
    function _judge(ArenaTask storage t, Epoch storage e, uint256 task, uint256 day, uint256 count) private {
        uint256 index = e.judged;
        uint256 until = index + count;
        for (; index < until; ++index) {
            IArena.Validation storage v = e.validations[index];
            if (!v.revealed) t.slash(task, day, v.validator);
        }
        e.judged = uint16(until);
    }

    function _keepFee(ArenaTask storage t, uint256 day) private {
        uint128 feeWei = t.params.submissionFeeWei;
        if (feeWei == 0 || day == t.params.dayCount) return;
        t.owedWei -= feeWei;
        t.poolWei += feeWei;
    }

    function _keepBest(Staker storage s, uint256 day, uint256 place, uint256 score) private {
        if (s.hasBest && s.bestScore <= score) return;
        s.hasBest = true;
        s.bestScore = uint32(score);
        s.bestDay = uint16(day);
        s.bestPlace = uint16(place);
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
