// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ICandidateAlliance} from "./ICandidateAlliance.sol";

/// @notice Where a menu is in the calldata, and its measures.
struct Menu {
    uint256 pos; // calldata position of its first byte
    uint256 candidates; // entries that can win, and rows
    uint256 entries; // models that are scored
    uint256 proposals; // marks in a row
    bytes32 motion; // what voters have signed: keccak256 of all of it
}

/// @title Reading menus, whose format ICandidateAlliance documents
/// @notice Mirrors `decode_menu` of `chain/rules/candidates.py`.
library Menus {
    /// @notice The entry that is the model adopted last.
    uint256 internal constant OLD = 0;
    /// @notice The candidate that needs no majority against the others.
    uint256 internal constant DEFAULT = 1;
    /// @notice Entries at most: what a voter evaluates, and what fits one word of scores.
    uint256 internal constant MAX_ENTRIES = 12;
    /// @notice Bits of a mark byte that are the mark.
    uint256 internal constant MARK = 0x7F;
    /// @notice Bit of a mark byte: the proposal is part of the candidate.
    uint256 internal constant PART = 0x80;

    uint256 private constant HEAD_BYTES = 2; // of the menu, and of each row
    uint256 private constant MIN_CANDIDATES = 2;

    /// @return m The menu in `data`, whose rows have `proposals` marks each.
    function parse(bytes calldata data, uint256 proposals) internal pure returns (Menu memory m) {
        if (data.length < HEAD_BYTES) revert ICandidateAlliance.BadMenu(data.length);
        assembly ("memory-safe") {
            mstore(m, data.offset) // pos
        }
        (m.candidates, m.entries, m.proposals) = (_byte(m.pos), _byte(m.pos + 1), proposals);
        uint256 length = HEAD_BYTES + 32 * m.entries + (HEAD_BYTES + proposals) * m.candidates;
        bool fits = MIN_CANDIDATES <= m.candidates && m.candidates <= m.entries && m.entries <= MAX_ENTRIES;
        if (!fits || data.length != length) revert ICandidateAlliance.BadMenu(data.length);
        for (uint256 k = 0; k < m.candidates; ++k) {
            (uint256 base, uint256 question) = asks(m, k);
            if (base >= m.entries || question >= m.entries) revert ICandidateAlliance.BadMenu(data.length);
        }
        m.motion = keccak256(data);
    }

    /// @return value The digest of the model that `entry` stands for.
    function digest(Menu memory m, uint256 entry) internal pure returns (bytes32 value) {
        uint256 pos = m.pos + HEAD_BYTES + 32 * entry;
        assembly ("memory-safe") {
            value := calldataload(pos)
        }
    }

    /// @notice The entries that `candidate` asks voters to compare; none if they are the same.
    function asks(Menu memory m, uint256 candidate) internal pure returns (uint256 base, uint256 question) {
        uint256 pos = _row(m, candidate);
        return (_byte(pos), _byte(pos + 1));
    }

    /// @return The mark byte of `proposal`, by its position, as seen from `candidate`.
    function mark(Menu memory m, uint256 candidate, uint256 proposal) internal pure returns (uint256) {
        return _byte(_row(m, candidate) + HEAD_BYTES + proposal);
    }

    function _row(Menu memory m, uint256 candidate) private pure returns (uint256) {
        return m.pos + HEAD_BYTES + 32 * m.entries + (HEAD_BYTES + m.proposals) * candidate;
    }

    function _byte(uint256 pos) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, calldataload(pos))
        }
    }
}
