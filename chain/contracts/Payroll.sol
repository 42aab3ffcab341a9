// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Credit} from "./Credit.sol";
import {IAlliance} from "./IAlliance.sol";
import {ICandidateAlliance} from "./ICandidateAlliance.sol";
import {Panel} from "./Judgement.sol";
import {Members} from "./Members.sol";
import {Menu, Menus} from "./Menus.sol";
import {Nibbles} from "./Nibbles.sol";
import {Records} from "./Records.sol";
import {Settlement} from "./Settlement.sol";
import {Task} from "./Task.sol";

/// @notice The members that proposed, one index each, as the marks of a menu.
struct Proposers {
    uint256[] members; // who they are
    uint256[] balances; // of each before the settlement, in gwei
    uint256 balance; // sum of balances
    bool isConvicted; // whether the voters convict the winner's suspects
    uint256[] convicted; // members that are
    uint256[] slashed; // those of them that their evidence slashes
}

/// @title What candidate voting pays and takes
/// @notice Mirrors `chain/rules/candidate_settlement.py` to the gwei. Everything follows from balances before the
/// settlement; no member is on two sides.
library Payroll {
    using Members for Task;
    using Menus for Menu;
    using Nibbles for uint256[];

    uint256 private constant BPS = 10_000;
    uint256 private constant MAX_EVIDENCE = type(uint16).max;
    uint256 private constant AVERAGE_SHIFT = 2; // an average goes a quarter of the way to the new value
    uint256 private constant RELEASE_SHIFT = 2; // a round in good standing releases a quarter of the escrow

    /// @return p The members with standing PROPOSED, of whom there are `count`.
    function proposers(Task storage t, uint256[] memory standings, uint256 count)
        internal
        view
        returns (Proposers memory p)
    {
        p.members = new uint256[](count);
        p.balances = new uint256[](count);
        uint256 j = 0;
        for (uint256 member = 0; j < count; ++member) {
            if (standings.get(member) != uint256(IAlliance.Standing.PROPOSED)) continue;
            p.members[j] = member;
            p.balances[j] = t.balance(member);
            p.balance += p.balances[j];
            ++j;
        }
    }

    /// @notice Split a reward between proposers and voters in time by the sums of their balances.
    function parts(uint256 rewardGwei, Proposers memory p, Panel memory panel)
        internal
        pure
        returns (uint256 toProposers, uint256 toVoters)
    {
        uint256 total = p.balance + panel.balance;
        if (total == 0) return (0, 0);
        toProposers = rewardGwei * p.balance / total;
        return (toProposers, rewardGwei - toProposers);
    }

    /// @notice Pay voters in time by balance and quality `q`, and keep their average agreements.
    /// @return paid What they got, in gwei.
    function payVoters(Task storage t, Panel memory panel, uint256[] memory q, uint256 partGwei)
        internal
        returns (uint256 paid)
    {
        uint256[] memory claims = new uint256[](q.length);
        uint256 total = 0;
        for (uint256 i = 0; i < q.length; ++i) {
            claims[i] = panel.balances[i] * q[i];
            total += claims[i];
        }
        for (uint256 i = 0; i < q.length; ++i) {
            ICandidateAlliance.Record memory r = Records.get(t, panel.members[i]);
            if (r.agreement != panel.agreements[i]) {
                r.agreement = int24(panel.agreements[i]);
                Records.set(t, panel.members[i], r);
            }
            uint256 gain = total == 0 ? 0 : _fitting(panel.balances[i], partGwei * claims[i] / total);
            if (gain > 0) t.setBalance(panel.members[i], panel.balances[i] + gain);
            paid += gain;
        }
    }

    /// @notice Bring the proposers' records up to date and pay those of good standing.
    /// @return paid What they got, in gwei, that in escrow included, what is released from it not.
    function payProposers(
        Task storage t,
        ICandidateAlliance.CandidateTerms memory terms,
        Menu memory m,
        uint256 winner,
        Panel memory panel,
        Proposers memory p,
        uint256 partGwei
    ) internal returns (uint256 paid) {
        ICandidateAlliance.Record[] memory records = new ICandidateAlliance.Record[](p.members.length);
        uint256[] memory claims = new uint256[](p.members.length);
        bool[] memory guilty = new bool[](p.members.length);
        bool byStake = terms.reward == ICandidateAlliance.Reward.STAKE;
        if (!byStake) Credit.weigh(panel, m);
        uint256 total = 0;
        (p.convicted, p.slashed) = (_emptyList(claims.length), _emptyList(claims.length));
        for (uint256 j = 0; j < claims.length; ++j) {
            ICandidateAlliance.Record memory r = records[j] = Records.get(t, p.members[j]);
            uint256 mark = m.mark(winner, j);
            guilty[j] = _weigh(terms, p, j, r, mark & Menus.MARK);
            if (!byStake) r.average += int24((Credit.mean(panel, j) - r.average) >> AVERAGE_SHIFT);
            if (winner == Menus.OLD || guilty[j]) continue;
            if (byStake) claims[j] = mark & Menus.PART != 0 ? p.balances[j] : 0;
            else if (r.average > 0) claims[j] = uint256(uint24(r.average));
            total += claims[j];
        }
        for (uint256 j = 0; j < claims.length; ++j) {
            uint256 share = total == 0 ? 0 : partGwei * claims[j] / total;
            (uint256 fromPool, uint256 gain) = _share(terms, records[j], p.balances[j], share, !guilty[j] && !byStake);
            paid += fromPool;
            Records.set(t, p.members[j], records[j]);
            if (gain > 0) t.setBalance(p.members[j], p.balances[j] + gain);
        }
    }

    /// @notice Slash the proposers whose evidence does.
    /// @return lost What they lost, in gwei.
    function slashProposers(Task storage t, uint256 slashBps, Proposers memory p) internal returns (uint256 lost) {
        for (uint256 i = 0; i < p.slashed.length; ++i) {
            lost += _slash(t, slashBps, p.slashed[i]);
        }
    }

    /// @notice Slash the voters that committed and did not reveal.
    /// @return lost What they lost, in gwei.
    function slashSilent(Task storage t, uint256 slashBps, uint256[] memory standings) internal returns (uint256 lost) {
        for (uint256 i = 0; i < standings.length; ++i) {
            (, uint256 losing) = Settlement.sides(standings.word(i), IAlliance.Outcome.VOID);
            for (uint256 member = i * Nibbles.PER_WORD; losing != 0; ++member) {
                if (losing & 1 != 0) lost += _slash(t, slashBps, member);
                losing >>= 4;
            }
        }
    }

    /// @dev Weigh `mark` against the proposer at index `j`.
    /// @return isConvicted Whether it is; also noted in `p`.
    function _weigh(
        ICandidateAlliance.CandidateTerms memory terms,
        Proposers memory p,
        uint256 j,
        ICandidateAlliance.Record memory r,
        uint256 mark
    ) private pure returns (bool isConvicted) {
        isConvicted = p.isConvicted && mark >= terms.suspectAt;
        uint256 evidence = r.evidence;
        if (!isConvicted) {
            r.evidence = uint16(evidence > terms.forgive ? evidence - terms.forgive : 0);
            return false;
        }
        _append(p.convicted, p.members[j]);
        if (mark > terms.offset) evidence += mark - terms.offset;
        if (evidence > MAX_EVIDENCE) evidence = MAX_EVIDENCE;
        if (evidence > terms.slashAbove) _append(p.slashed, p.members[j]);
        r.evidence = uint16(evidence > terms.slashAbove ? terms.slashAbove : evidence);
        return true;
    }

    /// @dev Share out what one proposer gets: a part of it to its escrow, of which a part goes to its balance.
    /// @param releases Whether it gets anything out of its escrow.
    /// @return fromPool What leaves the pool.
    /// @return gain What comes to its balance.
    function _share(
        ICandidateAlliance.CandidateTerms memory terms,
        ICandidateAlliance.Record memory r,
        uint256 balance,
        uint256 share,
        bool releases
    ) private pure returns (uint256 fromPool, uint256 gain) {
        if (!releases) {
            gain = _fitting(balance, share);
            return (gain, gain);
        }
        uint256 kept = share * terms.escrowBps / BPS;
        uint256 released = _fitting(balance, r.escrowGwei >> RELEASE_SHIFT);
        uint256 free = _fitting(balance + released, share - kept);
        r.escrowGwei = uint64(r.escrowGwei - released + kept);
        return (free + kept, free + released);
    }

    /// @dev Take slashBps of the balance, rounded down, and the task's slashGwei, at most all, and the whole escrow.
    function _slash(Task storage t, uint256 slashBps, uint256 member) private returns (uint256 lost) {
        uint256 balance = t.balance(member);
        lost = balance * slashBps / BPS + t.slashGwei;
        if (lost > balance) lost = balance;
        t.setBalance(member, balance - lost);
        lost += Records.takeEscrow(t, member);
    }

    /// @return What of `gain` a balance can hold.
    function _fitting(uint256 balance, uint256 gain) private pure returns (uint256) {
        uint256 room = Members.MAX_BALANCE_GWEI - balance;
        return gain < room ? gain : room;
    }

    /// @dev Append to a list that was allocated long enough and then emptied.
    function _append(uint256[] memory list, uint256 value) private pure {
        assembly ("memory-safe") {
            let length := add(mload(list), 1)
            mstore(list, length)
            mstore(add(list, shl(5, length)), value)
        }
    }

    /// @return list Room for `most` values, of which there are none yet.
    function _emptyList(uint256 most) private pure returns (uint256[] memory list) {
        list = new uint256[](most);
        assembly ("memory-safe") {
            mstore(list, 0)
        }
    }
}
