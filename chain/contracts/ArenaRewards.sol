// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ArenaClock} from "./ArenaClock.sol";
import {ArenaMath} from "./ArenaMath.sol";
import {ArenaSettlement} from "./ArenaSettlement.sol";
import {ArenaTask, Epoch} from "./ArenaTask.sol";
import {IArena} from "./IArena.sol";
import {IEmission} from "./IEmission.sol";
import {IFML} from "./IFML.sol";
import {Ranking} from "./Ranking.sol";

/// @title What a day pays: its reward, and everybody's share; documented in IArena
/// @notice Reference: `chain/rules/arena_pay.py`.
library ArenaRewards {
    using ArenaClock for ArenaTask;

    uint256 private constant INDEX_BITS = 16;
    uint256 private constant LAST_INDEX = type(uint16).max;

    /// @dev What an account role is paid of a day, and what of that its shares add up to.
    struct Pools {
        uint256 rewardWei;
        uint256 drawnWei;
        uint256 nodesNowWei;
        uint256 nodesHeldWei;
        uint256 validatorsNowWei;
        uint256 validatorsHeldWei;
    }

    /// @notice See IArena.finishDay.
    function finishDay(ArenaTask storage t, uint256 task, uint256 day, address emission, address fml) external {
        t.requireActive(task);
        t.requireDay(task, day);
        if (day != t.finishedDays) revert IArena.WrongDay(task, day, t.finishedDays);
        ArenaClock.requireFrom(task, t.dayAt(day + 1));
        Epoch storage e = t.epochs[day];
        uint256 unsettled = ArenaSettlement.left(e);
        if (unsettled > 0) revert IArena.NotSettled(task, day, unsettled);
        e.finished = true;
        t.finishedDays = uint16(day + 1);
        bool last = day == t.params.dayCount;
        bool accepted = e.best.length > 0;
        Pools memory p;
        if (accepted) p = last ? _poolsOfB(t, e) : _poolsOfDay(t, e, task, day, emission);
        if (accepted) _fix(t, e, task, day, p);
        emit IArena.DayFinished(
            task,
            day,
            p.rewardWei,
            p.drawnWei,
            p.nodesNowWei,
            p.nodesHeldWei,
            p.validatorsNowWei,
            p.validatorsHeldWei
        );
        if (last) _complete(t, task, !accepted, fml);
    }

    /// @dev Reward A and what is held for Reward B. A day on which nothing was ranked draws nothing.
    function _poolsOfDay(ArenaTask storage t, Epoch storage e, uint256 task, uint256 day, address emission)
        private
        returns (Pools memory p)
    {
        p.drawnWei = _draw(task, uint256(t.params.firstDay) + day, IEmission(emission));
        uint256 fundWei = t.params.dailyWei;
        t.fundWei -= uint128(fundWei);
        p.rewardWei = p.drawnWei + fundWei;
        // Until its shares are fixed all of it is the pool's, where what rounding leaves then stays.
        t.poolWei += uint128(p.rewardWei);
        (uint256 nodesWei, uint256 validatorsWei) =
            ArenaMath.taskPools(p.rewardWei, e.nodesGwei, e.validatorsGwei, t.params.floorBps);
        p.nodesNowWei = nodesWei * t.params.nowBps / ArenaMath.BPS;
        p.nodesHeldWei = nodesWei - p.nodesNowWei;
        p.validatorsNowWei = validatorsWei * t.params.nowBps / ArenaMath.BPS;
        p.validatorsHeldWei = validatorsWei - p.validatorsNowWei;
    }

    /// @dev Reward B: what was held for nodes and for validators, and the task's pool split between them.
    function _poolsOfB(ArenaTask storage t, Epoch storage e) private returns (Pools memory p) {
        (uint256 heldNodesWei, uint256 heldValidatorsWei) = (t.heldNodesWei, t.heldValidatorsWei);
        (uint256 nodesWei, uint256 validatorsWei) =
            ArenaMath.taskPools(t.poolWei, e.nodesGwei, e.validatorsGwei, t.params.floorBps);
        p.nodesNowWei = heldNodesWei + nodesWei;
        p.validatorsNowWei = heldValidatorsWei + validatorsWei;
        p.rewardWei = heldNodesWei + heldValidatorsWei + t.poolWei;
        (t.heldNodesWei, t.heldValidatorsWei) = (0, 0);
        t.owedWei -= uint128(heldNodesWei + heldValidatorsWei);
        t.poolWei += uint128(heldNodesWei + heldValidatorsWei);
    }

    /// @dev The emission's part; nothing where the task was never verified, the schedule has ended or the time has
    /// passed.
    function _draw(uint256 task, uint256 emissionDay, IEmission emission) private returns (uint256) {
        if (emission.kindOf(address(this), task) == IEmission.Kind.NONE) return 0;
        if (emission.scheduleWei(emissionDay) == 0) return 0;
        if (emission.drawableWei(address(this), task, emissionDay) == 0) return 0;
        return emission.draw(address(this), task, emissionDay);
    }

    /// @dev Fix everybody's share and move what they add up to from the pool to what is owed.
    function _fix(ArenaTask storage t, Epoch storage e, uint256 task, uint256 day, Pools memory p) private {
        (e.nodesNowWei, e.nodesHeldWei) = (uint128(p.nodesNowWei), uint128(p.nodesHeldWei));
        (e.validatorsNowWei, e.validatorsHeldWei) = (uint128(p.validatorsNowWei), uint128(p.validatorsHeldWei));
        (uint256 nodesNowWei, uint256 nodesHeldWei) = _fixNodes(t, e, task, day, p);
        (uint256 validatorsNowWei, uint256 validatorsHeldWei) = _fixValidators(t, e, task, day, p);
        uint256 owedWei = nodesNowWei + nodesHeldWei + validatorsNowWei + validatorsHeldWei;
        t.poolWei -= uint128(owedWei);
        t.owedWei += uint128(owedWei);
        t.heldNodesWei += uint128(nodesHeldWei);
        t.heldValidatorsWei += uint128(validatorsHeldWei);
    }

    function _fixNodes(ArenaTask storage t, Epoch storage e, uint256 task, uint256 day, Pools memory p)
        private
        returns (uint256 nowWei, uint256 heldWei)
    {
        uint256[] memory best = e.best;
        uint256[] memory shares = Ranking.shares(best, t.params.rankWad, t.params.powerHalves);
        for (uint256 i = 0; i < best.length; ++i) {
            IArena.Submission storage sub = e.submissions[Ranking.place(best[i])];
            sub.shareWad = uint64(shares[i]);
            nowWei += ArenaMath.paid(p.nodesNowWei, shares[i]);
            heldWei += ArenaMath.paid(p.nodesHeldWei, shares[i]);
            emit IArena.ShareFixed(task, day, sub.node, shares[i]);
        }
    }

    function _fixValidators(ArenaTask storage t, Epoch storage e, uint256 task, uint256 day, Pools memory p)
        private
        returns (uint256 nowWei, uint256 heldWei)
    {
        (uint256[] memory best, uint256 count) = _bestValidators(e, t.params.paidValidators);
        uint256 sum = 0;
        for (uint256 i = 0; i < count; ++i) sum += best[i] >> INDEX_BITS;
        if (sum == 0) return (0, 0);
        for (uint256 i = 0; i < count; ++i) {
            IArena.Validation storage v = e.validations[LAST_INDEX - (best[i] & LAST_INDEX)];
            uint256 shareWad = (best[i] >> INDEX_BITS) * ArenaMath.WAD / sum;
            v.shareWad = uint64(shareWad);
            nowWei += ArenaMath.paid(p.validatorsNowWei, shareWad);
            heldWei += ArenaMath.paid(p.validatorsHeldWei, shareWad);
            emit IArena.ShareFixed(task, day, v.validator, shareWad);
        }
    }

    /// @dev Those of the greatest mean of F, of equal ones the earlier: mean over index from behind, the greatest
    /// first.
    function _bestValidators(Epoch storage e, uint256 limit)
        private
        view
        returns (uint256[] memory best, uint256 count)
    {
        best = new uint256[](limit);
        uint256 validators = e.validators;
        for (uint256 index = 0; index < validators; ++index) {
            IArena.Validation storage v = e.validations[index];
            uint256 scored = v.scored;
            if (scored == 0) continue;
            uint256 key = ((v.fitsWad / scored) << INDEX_BITS) | (LAST_INDEX - index);
            uint256 spot = count;
            if (count < limit) ++count;
            else if (key < best[--spot]) continue;
            for (; spot > 0 && best[spot - 1] < key; --spot) best[spot] = best[spot - 1];
            best[spot] = key;
        }
    }

    /// @dev Unlock the stakes, and burn what nobody can claim.
    function _complete(ArenaTask storage t, uint256 task, bool fellBack, address fml) private {
        uint256 burnedWei = t.poolWei;
        t.poolWei = 0;
        t.phase = IArena.Phase.COMPLETED;
        t.fellBack = fellBack;
        emit IArena.TaskCompleted(task, fellBack, burnedWei);
        if (burnedWei > 0) IFML(fml).burn(burnedWei);
    }
}
