// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Draw} from "./Draw.sol";
import {Task} from "./Task.sol";

/// @title Members' balances, four a word, and the seats that they give
library Members {
    uint256 private constant BPS = 10_000;
    uint256 private constant U64 = type(uint64).max;

    /// @return The balance of `member`, in gwei.
    function balance(Task storage t, uint256 member) internal view returns (uint256) {
        return (t.balances[member >> 2] >> ((member & 3) << 6)) & U64;
    }

    /// @notice Set the balance of `member` to `amountGwei`, below 2^64.
    function setBalance(Task storage t, uint256 member, uint256 amountGwei) internal {
        uint256 shift = (member & 3) << 6;
        t.balances[member >> 2] = (t.balances[member >> 2] & ~(U64 << shift)) | (amountGwei << shift);
    }

    /// @notice Take `bps` of the balance of `member`, rounded down.
    /// @return lost What it was, in gwei.
    function take(Task storage t, uint256 member, uint256 bps) internal returns (uint256 lost) {
        uint256 held = balance(t, member);
        lost = held * bps / BPS;
        setBalance(t, member, held - lost);
    }

    /// @return words Seats of the first `members`, 64 a word: whole minimum stakes, at most Draw.MAX_SEATS.
    function seatsHeld(Task storage t, uint256 members) internal view returns (uint256[] memory words) {
        unchecked {
            uint256 minStake = t.terms.minStakeGwei;
            words = new uint256[]((members + 63) >> 6);
            for (uint256 i = 0; i << 2 < members; ++i) {
                uint256 four = t.balances[i];
                uint256 word = 0;
                for (uint256 shift = 0; four != 0; shift += 4) {
                    uint256 held = (four & U64) / minStake;
                    word |= (held < Draw.MAX_SEATS ? held : Draw.MAX_SEATS) << shift;
                    four >>= 64;
                }
                words[i >> 4] |= word << ((i & 15) << 4);
            }
        }
    }
}
