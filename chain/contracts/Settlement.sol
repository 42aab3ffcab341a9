// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAlliance} from "./IAlliance.sol";
import {Nibbles} from "./Nibbles.sol";
import {Phases} from "./Phases.sol";
import {Header, Task} from "./Task.sol";

/// @title What a settled round pays and takes
/// @notice Mirrors `chain/rules/settlement.py` bit for bit. Everything follows from balances before the settlement.
/// @dev Works on the standings of 60 members at once: a set of members is a word with 1 in their places (see Nibbles),
/// made of the four bits that the IAlliance.Standing of each has in its place.
library Settlement {
    using Nibbles for uint256[];

    uint256 private constant BPS = 10_000;
    uint256 private constant SLOTS_PER_WORD = 12; // slots of balances for one word of standings
    uint256 private constant FIVE = 0x11111; // the places of the members of one slot
    uint256 private constant TOP_BITS = // of the five balances
        (1 << 50) | (1 << 101) | (1 << 152) | (1 << 203) | (1 << 254);
    uint256 private constant BALANCE = 0x7FFFFFFFFFFFF; // Members.MAX_BALANCE_GWEI

    /// @notice Count the revealed votes.
    /// @return yes In favour, late ones included.
    /// @return no Against, late ones included.
    /// @return late Not zero if somebody committed by itself after reveals had opened.
    function tally(uint256[] memory standings) internal pure returns (uint256 yes, uint256 no, uint256 late) {
        unchecked {
            for (uint256 i = 0; i < standings.length; ++i) {
                (uint256 b0, uint256 b1, uint256 b2, uint256 b3) = _bits(standings.word(i));
                yes += Nibbles.count(((b2 & ~(b1 | b0)) | (b3 & b0)) & Nibbles.ONES); // VOTED_YES 0100, LATE_YES 1001
                no += Nibbles.count(((b2 & ~b1 & b0) | (b3 & b1)) & Nibbles.ONES); // VOTED_NO 0101, LATE_NO 1010
                late |= b3; // LATE 1000 and those two
            }
            late &= Nibbles.ONES;
        }
    }

    /// @notice Refuse to settle a round in which somebody drawn has not revealed, or was late, before its time: see
    /// IAlliance.settle.
    /// @param listRevealed Whether the list was given in full and nothing in it is open.
    function requireDue(Task storage t, uint256 task, uint256[] memory standings, bool listRevealed) internal view {
        uint256 own = standings.countEqual(uint256(IAlliance.Standing.COMMITTED))
            + standings.countEqual(uint256(IAlliance.Standing.LATE));
        uint256 due = Phases.omittedUntil(t);
        if (!listRevealed || own > 0) due += uint256(t.voting.revealS) + t.voting.evidenceS;
        if (standings.countEqual(uint256(IAlliance.Standing.WITHHELD)) > 0) due += t.voting.revealS;
        Phases.requireFrom(task, due);
    }

    /// @return What the votes of a task that draws `voters` decide: void below half of them, ties accept.
    function outcome(uint256 yes, uint256 no, uint256 voters) internal pure returns (IAlliance.Outcome) {
        unchecked {
            if (yes + no < (voters + 1) / 2) return IAlliance.Outcome.VOID;
            return yes >= no ? IAlliance.Outcome.ACCEPTED : IAlliance.Outcome.REJECTED;
        }
    }

    /// @return The part of the pool that this round pays: an equal share of the rounds left, this one included.
    function reward(Header header) internal pure returns (uint256) {
        unchecked {
            return header.poolGwei() / (header.rounds() - header.round() + 1);
        }
    }

    /// @notice Pay `rewardGwei` to the winners by balance, rounded down, and take `slashBps`, rounded down, and the
    /// task's slashGwei from the losers, at most all they have.
    /// @return paid What the winners got, in gwei.
    /// @return slashed What the losers lost, in gwei.
    function apply_(
        Task storage t,
        uint256[] memory standings,
        IAlliance.Outcome result,
        uint256 rewardGwei,
        uint256 slashBps
    ) internal returns (uint256 paid, uint256 slashed) {
        unchecked {
            uint256 winning = 0;
            for (uint256 i = 0; i < standings.length; ++i) {
                (uint256 wins, uint256 loses) = sides(standings.word(i), result);
                winning += _held(t.balances, i * SLOTS_PER_WORD, wins);
                if (loses != 0) {
                    slashed += _slash(t.balances, i * SLOTS_PER_WORD, loses, slashBps, t.slashGwei);
                }
            }
            if (winning == 0) return (0, slashed);
            for (uint256 i = 0; i < standings.length; ++i) {
                (uint256 wins,) = sides(standings.word(i), result);
                paid += _pay(t.balances, i * SLOTS_PER_WORD, wins, rewardGwei, winning);
            }
        }
    }

    /// @return wins The members that win.
    /// @return loses The members that lose: the other side, and those who committed and did not reveal.
    function sides(uint256 standings, IAlliance.Outcome result) internal pure returns (uint256 wins, uint256 loses) {
        (uint256 b0, uint256 b1, uint256 b2, uint256 b3) = _bits(standings);
        loses = b2 & b1; // WITHHELD 0110, COMMITTED 0111
        uint256 forIt = (b1 ^ b2) & ~(b0 | b3); // PROPOSED 0010, VOTED_YES 0100
        uint256 againstIt = b2 & ~b1 & b0; // VOTED_NO 0101
        if (result == IAlliance.Outcome.ACCEPTED) (wins, loses) = (forIt, loses | againstIt);
        else if (result == IAlliance.Outcome.REJECTED) (wins, loses) = (againstIt, loses | forIt);
        return (wins & Nibbles.ONES, loses & Nibbles.ONES);
    }

    /// @dev Sum of the balances of the members in `set`, from slot `slot` on.
    function _held(uint256[205] storage balances, uint256 slot, uint256 set) private view returns (uint256 sum) {
        assembly ("memory-safe") {
            for { slot := add(slot, balances.slot) } set { slot := add(slot, 1) } {
                if and(set, FIVE) {
                    let five := sload(slot)
                    sum := add(sum, mul(and(five, BALANCE), and(set, 1)))
                    sum := add(sum, mul(and(shr(51, five), BALANCE), and(shr(4, set), 1)))
                    sum := add(sum, mul(and(shr(102, five), BALANCE), and(shr(8, set), 1)))
                    sum := add(sum, mul(and(shr(153, five), BALANCE), and(shr(12, set), 1)))
                    sum := add(sum, mul(shr(204, five), and(shr(16, set), 1)))
                }
                set := shr(20, set)
            }
        }
    }

    /// @dev Take slashBps of their balances and slashGwei from the members in `set`, from slot `slot` on.
    function _slash(uint256[205] storage balances, uint256 slot, uint256 set, uint256 slashBps, uint256 slashGwei)
        private
        returns (uint256 slashed)
    {
        assembly ("memory-safe") {
            for { slot := add(slot, balances.slot) } set { slot := add(slot, 1) } {
                if and(set, FIVE) {
                    let five := sload(slot)
                    let loss := 0
                    for { let shift := 0 } lt(shift, 255) { shift := add(shift, 51) } {
                        if and(set, 1) {
                            let held := and(shr(shift, five), BALANCE)
                            let one := add(div(mul(held, slashBps), BPS), slashGwei)
                            if gt(one, held) { one := held }
                            slashed := add(slashed, one)
                            loss := or(loss, shl(shift, one))
                        }
                        set := shr(4, set)
                    }
                    sstore(slot, sub(five, loss))
                    continue
                }
                set := shr(20, set)
            }
        }
    }

    /// @dev Pay the members in `set`, from slot `slot` on, their part of `rewardGwei` by their part of `winning`; no
    /// balance grows above the greatest that fits, and what that leaves stays in the pool.
    function _pay(uint256[205] storage balances, uint256 slot, uint256 set, uint256 rewardGwei, uint256 winning)
        private
        returns (uint256 paid)
    {
        unchecked {
            for (; set != 0; set >>= 20) {
                if (set & FIVE != 0) {
                    uint256 five = balances[slot];
                    (uint256 gains, uint256 sum) = (five & TOP_BITS == 0 && rewardGwei <= BALANCE >> 1)
                        ? _gains(five, set, rewardGwei, winning)
                        : _cappedGains(five, set, rewardGwei, winning);
                    paid += sum;
                    balances[slot] = five + gains;
                }
                ++slot;
            }
        }
    }

    /// @dev What each of five members gains, in the places of their balances, and the sum of it.
    function _cappedGains(uint256 five, uint256 set, uint256 rewardGwei, uint256 winning)
        private
        pure
        returns (uint256 gains, uint256 sum)
    {
        for (uint256 i = 0; i < 5; ++i) {
            uint256 held = (five >> (51 * i)) & BALANCE;
            uint256 gain = ((set >> (4 * i)) & 1) * (rewardGwei * held / winning);
            if (gain > BALANCE - held) gain = BALANCE - held;
            gains |= gain << (51 * i);
            sum += gain;
        }
    }

    /// @dev The same where no gain can exceed what fits; saves 200 gas a member.
    function _gains(uint256 five, uint256 set, uint256 rewardGwei, uint256 winning)
        private
        pure
        returns (uint256 gains, uint256 sum)
    {
        assembly ("memory-safe") {
            gains := mul(and(set, 1), div(mul(rewardGwei, and(five, BALANCE)), winning))
            sum := gains
            let gain := mul(and(shr(4, set), 1), div(mul(rewardGwei, and(shr(51, five), BALANCE)), winning))
            sum := add(sum, gain)
            gains := or(gains, shl(51, gain))
            gain := mul(and(shr(8, set), 1), div(mul(rewardGwei, and(shr(102, five), BALANCE)), winning))
            sum := add(sum, gain)
            gains := or(gains, shl(102, gain))
            gain := mul(and(shr(12, set), 1), div(mul(rewardGwei, and(shr(153, five), BALANCE)), winning))
            sum := add(sum, gain)
            gains := or(gains, shl(153, gain))
            gain := mul(and(shr(16, set), 1), div(mul(rewardGwei, and(shr(204, five), BALANCE)), winning))
            sum := add(sum, gain)
            gains := or(gains, shl(204, gain))
        }
    }

    /// @dev The four bits of each place, each in the place's lowest bit; the bits above it are to be masked off.
    function _bits(uint256 word) private pure returns (uint256 b0, uint256 b1, uint256 b2, uint256 b3) {
        return (word, word >> 1, word >> 2, word >> 3);
    }
}
