// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ArenaClock} from "./ArenaClock.sol";
import {ArenaLedger} from "./ArenaLedger.sol";
import {ArenaMath} from "./ArenaMath.sol";
import {ArenaTask, Epoch, Staker} from "./ArenaTask.sol";
import {IArena} from "./IArena.sol";
import {IDelegationPool} from "./IDelegationPool.sol";
import {IFML} from "./IFML.sol";

/// @title How what was earned is paid; documented in IArena
/// @notice Reference: `chain/rules/delegation.py`.
library ArenaClaims {
    using ArenaClock for ArenaTask;
    using ArenaLedger for ArenaTask;

    /// @dev What an account is paid of a day, and by what stakes it is split with its delegators.
    struct Due {
        uint256 earnedWei;
        uint256 feeWei; // that goes back
        uint256 sigmaBps;
        uint256 ownGwei;
        uint256 delegatedGwei;
    }

    /// @notice See IArena.claim.
    function claim(ArenaTask storage t, uint256 task, uint256 day, address account, address fml)
        internal
        returns (uint256 amountWei)
    {
        if (t.phase == IArena.Phase.NONE) revert IArena.UnknownTask(task);
        t.requireDay(task, day);
        Epoch storage e = t.epochs[day];
        uint256 entry = e.entries[account];
        if (entry == 0 || !e.finished) revert IArena.NothingThere();
        bool node = t.stakers[account].role == IArena.Role.NODE;
        bool held = t.fellBack && day < t.params.dayCount;
        Due memory due = node ? _ofNode(t, e, day, entry - 1, held) : _ofValidator(t, e, entry - 1, held);
        amountWei = due.earnedWei + due.feeWei;
        if (amountWei == 0) revert IArena.NothingThere();
        t.owedWei -= uint128(amountWei);
        _pay(t, task, day, account, due, fml);
    }

    /// @dev Own part and fee to the account, the rest to its delegators, if there are any left.
    function _pay(ArenaTask storage t, uint256 task, uint256 day, address account, Due memory due, address fml)
        private
    {
        Staker storage s = t.stakers[account];
        address pool = s.pool;
        uint256 paidWei = due.earnedWei;
        // Without shares a reward would be nobody's.
        if (pool != address(0) && IDelegationPool(pool).totalSupply() > 0) {
            paidWei = ArenaMath.delegateKeeps(due.earnedWei, due.sigmaBps, due.ownGwei, due.delegatedGwei);
        }
        uint256 pushedWei = due.earnedWei - paidWei;
        if (pushedWei > 0) t.setDelegated(s, s.delegatedWei + pushedWei);
        emit IArena.Claimed(task, day, account, paidWei, due.feeWei, pushedWei);
        if (paidWei + due.feeWei > 0) IFML(fml).transfer(account, paidWei + due.feeWei);
        if (pushedWei > 0) IFML(fml).transfer(pool, pushedWei);
    }

    function _ofNode(ArenaTask storage t, Epoch storage e, uint256 day, uint256 place, bool held)
        private
        returns (Due memory due)
    {
        IArena.Submission storage sub = e.submissions[place];
        uint256 shareWad = sub.shareWad;
        if (!sub.claimedNow) {
            sub.claimedNow = true;
            due.earnedWei = ArenaMath.paid(e.nodesNowWei, shareWad);
            bool back = sub.verdict == IArena.Verdict.RANKED || sub.verdict == IArena.Verdict.UNSCORED;
            if (back && day < t.params.dayCount) due.feeWei = t.params.submissionFeeWei;
        }
        if (held && !sub.claimedHeld) {
            sub.claimedHeld = true;
            uint256 heldWei = ArenaMath.paid(e.nodesHeldWei, shareWad);
            t.heldNodesWei -= uint128(heldWei);
            due.earnedWei += heldWei;
        }
        (due.sigmaBps, due.ownGwei, due.delegatedGwei) = (sub.sigmaBps, sub.ownGwei, sub.delegatedGwei);
    }

    function _ofValidator(ArenaTask storage t, Epoch storage e, uint256 index, bool held)
        private
        returns (Due memory due)
    {
        IArena.Validation storage v = e.validations[index];
        uint256 shareWad = v.shareWad;
        if (!v.claimedNow) {
            v.claimedNow = true;
            due.earnedWei = ArenaMath.paid(e.validatorsNowWei, shareWad);
        }
        if (held && !v.claimedHeld) {
            v.claimedHeld = true;
            uint256 heldWei = ArenaMath.paid(e.validatorsHeldWei, shareWad);
            t.heldValidatorsWei -= uint128(heldWei);
            due.earnedWei += heldWei;
        }
        (due.sigmaBps, due.ownGwei, due.delegatedGwei) = (v.sigmaBps, v.ownGwei, v.delegatedGwei);
    }
}
