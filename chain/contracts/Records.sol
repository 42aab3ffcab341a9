// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ICandidateAlliance} from "./ICandidateAlliance.sol";
import {Task} from "./Task.sol";

/// @title Members' records, two a word
/// @dev From the lowest bit: evidence 16, average 24, agreement 24 (both two's complement), escrowGwei 64.
library Records {
    uint256 private constant BITS = 128;
    uint256 private constant AVERAGE_AT = 16;
    uint256 private constant AGREEMENT_AT = 40;
    uint256 private constant ESCROW_AT = 64;
    uint256 private constant U64 = type(uint64).max;
    uint256 private constant RECORD = (1 << BITS) - 1;

    /// @return The record of `member`.
    function get(Task storage t, uint256 member) internal view returns (ICandidateAlliance.Record memory) {
        uint256 word = t.records[member / 2] >> _shift(member);
        return ICandidateAlliance.Record({
            evidence: uint16(word),
            average: int24(uint24(word >> AVERAGE_AT)),
            escrowGwei: uint64(word >> ESCROW_AT),
            agreement: int24(uint24(word >> AGREEMENT_AT))
        });
    }

    /// @notice Replace the record of `member`.
    function set(Task storage t, uint256 member, ICandidateAlliance.Record memory r) internal {
        uint256 word = r.evidence | (uint256(uint24(r.average)) << AVERAGE_AT)
            | (uint256(uint24(r.agreement)) << AGREEMENT_AT) | (uint256(r.escrowGwei) << ESCROW_AT);
        uint256 rest = t.records[member / 2] & ~(RECORD << _shift(member));
        t.records[member / 2] = rest | (word << _shift(member));
    }

    /// @notice Empty the escrow of `member`.
    /// @return gwei_ What was in it.
    function takeEscrow(Task storage t, uint256 member) internal returns (uint256 gwei_) {
        uint256 word = t.records[member / 2];
        uint256 at_ = _shift(member) + ESCROW_AT;
        gwei_ = (word >> at_) & U64;
        if (gwei_ > 0) t.records[member / 2] = word & ~(U64 << at_);
    }

    function _shift(uint256 member) private pure returns (uint256) {
        return member % 2 * BITS;
    }
}
