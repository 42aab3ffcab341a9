// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Draw} from "./Draw.sol";
import {Nibbles} from "./Nibbles.sol";
import {Records} from "./Records.sol";
import {Task} from "./Task.sol";

/// @title Members' balances, five a word, and the seats that they give
library Members {
    /// @notice Balances in a word.
    uint256 internal constant PER_WORD = 5;
    /// @notice Bits of a balance.
    uint256 internal constant BITS = 51;
    /// @notice A member's balance at most, in gwei: 2.25 million FML.
    uint256 internal constant MAX_BALANCE_GWEI = 0x7FFFFFFFFFFFF;

    uint256 private constant BPS = 10_000;
    uint256 private constant GROUPS = Nibbles.PER_WORD / PER_WORD;

    /// @return The balance of `member`, in gwei.
    function balance(Task storage t, uint256 member) internal view returns (uint256) {
        return (t.balances[member / PER_WORD] >> (member % PER_WORD * BITS)) & MAX_BALANCE_GWEI;
    }

    /// @notice Set the balance of `member` to `amountGwei`, at most MAX_BALANCE_GWEI.
    function setBalance(Task storage t, uint256 member, uint256 amountGwei) internal {
        uint256 shift = member % PER_WORD * BITS;
        uint256 rest = t.balances[member / PER_WORD] & ~(MAX_BALANCE_GWEI << shift);
        t.balances[member / PER_WORD] = rest | (amountGwei << shift);
    }

    /// @notice Take `bps` of the balance of `member`, rounded down.
    /// @return lost What it was, in gwei.
    function take(Task storage t, uint256 member, uint256 bps) internal returns (uint256 lost) {
        uint256 held = balance(t, member);
        lost = held * bps / BPS;
        setBalance(t, member, held - lost);
    }

    /// @notice Take the whole balance of `member`, and what it has in escrow.
    /// @return lost What that was, in gwei.
    function takeAll(Task storage t, uint256 member) internal returns (uint256 lost) {
        lost = balance(t, member) + Records.takeEscrow(t, member);
        setBalance(t, member, 0);
    }

    /// @notice Take the whole balance of a `member` that leaves, and its escrow.
    /// @return own What it keeps, in gwei.
    /// @return forfeited The escrow where there is evidence against it: leaving is no way out before the slash.
    function dismiss(Task storage t, uint256 member) internal returns (uint256 own, uint256 forfeited) {
        forfeited = Records.get(t, member).evidence == 0 ? 0 : Records.takeEscrow(t, member);
        own = takeAll(t, member);
    }

    /// @return words Seats of the first `members`, see Nibbles: whole minimum stakes, at most Draw.MAX_SEATS.
    function seatsHeld(Task storage t, uint256 members) internal view returns (uint256[] memory words) {
        unchecked {
            uint256 minStake = t.terms.minStakeGwei;
            words = new uint256[](Nibbles.wordsFor(members));
            for (uint256 i = 0; i * PER_WORD < members; ++i) {
                uint256 five = t.balances[i];
                uint256 word = 0;
                for (uint256 shift = 0; five != 0; shift += 4) {
                    uint256 held = (five & MAX_BALANCE_GWEI) / minStake;
                    word |= (held < Draw.MAX_SEATS ? held : Draw.MAX_SEATS) << shift;
                    five >>= BITS;
                }
                words[i / GROUPS] |= word << (i % GROUPS * 4 * PER_WORD);
            }
        }
    }
}
