// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAlliance} from "./IAlliance.sol";
import {Nibbles} from "./Nibbles.sol";
import {Header} from "./Task.sol";

/// @title What a settled round pays and takes
/// @notice Mirrors `chain/rules/settlement.py` bit for bit. Everything follows from balances before the settlement.
library Settlement {
    using Nibbles for uint256[];

    uint256 private constant BPS = 10_000;
    uint256 private constant U64 = type(uint64).max;
    uint256 private constant WINS = 1;
    uint256 private constant LOSES = 2;

    /// @notice The votes of a round by what became of them.
    struct Votes {
        uint256 yes; // revealed in favour, late ones included
        uint256 no; // revealed against, late ones included
        uint256 own; // committed by themselves and not revealed
        uint256 accused; // proven to withhold
    }

    /// @notice What a settlement moved, in gwei.
    struct Moved {
        uint256 paid; // from the pool to the winners
        uint256 slashed; // from the losers
    }

    /// @return v The count of `standings`.
    function tally(uint256[] memory standings) internal pure returns (Votes memory v) {
        unchecked {
            for (uint256 i = 0; i < standings.length; ++i) {
                uint256 word = standings[i];
                if (word == 0) continue;
                v.yes += _count(word, IAlliance.Standing.VOTED_YES) + _count(word, IAlliance.Standing.LATE_YES);
                v.no += _count(word, IAlliance.Standing.VOTED_NO) + _count(word, IAlliance.Standing.LATE_NO);
                v.own += _count(word, IAlliance.Standing.COMMITTED) + _count(word, IAlliance.Standing.LATE);
                v.accused += _count(word, IAlliance.Standing.WITHHELD);
            }
        }
    }

    /// @return What the votes of a task that draws `voters` decide: void below half of them, ties accept.
    function outcome(uint256 yes, uint256 no, uint256 voters) internal pure returns (IAlliance.Outcome) {
        if (yes + no < (voters + 1) / 2) return IAlliance.Outcome.VOID;
        return yes >= no ? IAlliance.Outcome.ACCEPTED : IAlliance.Outcome.REJECTED;
    }

    /// @return The part of the pool that this round pays: an equal share of the rounds left, this one included.
    function reward(Header header) internal pure returns (uint256) {
        return header.poolGwei() / (header.rounds() - header.round() + 1);
    }

    /// @notice Pay `rewardGwei` to the winners by balance and take `slashBps` from the losers, both rounded down.
    function apply_(
        uint256[256] storage balances,
        uint256[] memory standings,
        IAlliance.Outcome result,
        uint256 rewardGwei,
        uint256 slashBps
    ) internal returns (Moved memory moved) {
        unchecked {
            uint256 sides = _sides(result);
            uint256 winning = result == IAlliance.Outcome.VOID ? 0 : _winning(balances, standings, sides);
            uint256 paid;
            uint256 slashed;
            for (uint256 i = 0; i < standings.length << 4; ++i) {
                uint256 four = standings[i >> 4] >> ((i & 15) << 4) & 0xFFFF;
                if (four == 0) continue;
                uint256 word = balances[i];
                uint256 changed = word;
                for (uint256 shift = 0; four != 0; shift += 64) {
                    uint256 side = sides >> ((four & 15) << 1) & 3;
                    if (side == WINS) {
                        uint256 pay = rewardGwei * (word >> shift & U64) / winning;
                        paid += pay;
                        changed += pay << shift;
                    } else if (side == LOSES) {
                        uint256 slash = (word >> shift & U64) * slashBps / BPS;
                        slashed += slash;
                        changed -= slash << shift;
                    }
                    four >>= 4;
                }
                if (changed != word) balances[i] = changed;
            }
            moved = Moved(paid, slashed);
        }
    }

    /// @dev Sum of the winners' balances, at least 1 so that it can divide.
    function _winning(uint256[256] storage balances, uint256[] memory standings, uint256 sides)
        private
        view
        returns (uint256 sum)
    {
        unchecked {
            for (uint256 i = 0; i < standings.length << 4; ++i) {
                uint256 four = standings[i >> 4] >> ((i & 15) << 4) & 0xFFFF;
                if (four == 0) continue;
                uint256 word = balances[i];
                while (four != 0) {
                    if (sides >> ((four & 15) << 1) & 3 == WINS) sum += word & U64;
                    word >>= 64;
                    four >>= 4;
                }
            }
            if (sum == 0) sum = 1;
        }
    }

    /// @dev Two bits for each standing: whether it wins, loses or neither.
    function _sides(IAlliance.Outcome result) private pure returns (uint256 sides) {
        sides = _side(IAlliance.Standing.WITHHELD, LOSES) | _side(IAlliance.Standing.COMMITTED, LOSES);
        if (result == IAlliance.Outcome.VOID) return sides;
        bool accepted = result == IAlliance.Outcome.ACCEPTED;
        (uint256 forIt, uint256 againstIt) = accepted ? (WINS, LOSES) : (LOSES, WINS);
        return sides | _side(IAlliance.Standing.PROPOSED, forIt) | _side(IAlliance.Standing.VOTED_YES, forIt)
            | _side(IAlliance.Standing.VOTED_NO, againstIt);
    }

    function _side(IAlliance.Standing standing, uint256 side) private pure returns (uint256) {
        return side << (uint256(standing) << 1);
    }

    function _count(uint256 word, IAlliance.Standing standing) private pure returns (uint256) {
        return Nibbles.count(Nibbles.equal(word, uint256(standing)));
    }
}
