// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Nibbles} from "./Nibbles.sol";

/// @title Who leads and who is drawn
/// @notice Mirrors `chain/rules/draw.py` bit for bit. Each member has a seat for every whole minimum stake, at most
/// MAX_SEATS. A leader is the owner of a uniform seat. A committee is drawn by a partial Fisher-Yates shuffle of the
/// seats that passes over owners already drawn: successive sampling in proportion to seats.
library Draw {
    using Nibbles for uint256[];

    /// @notice Seats of one member at most: what four bits hold. Bounds the draw's gas and the largest weight.
    uint256 internal constant MAX_SEATS = 15;

    /// @dev Repeats a member's index over one word: up to 16 entries of a seat list in one write.
    uint256 private constant REPEAT = 0x0001000100010001000100010001000100010001000100010001000100010001;

    /// @notice The seats in a draw, laid out in member order, two bytes each.
    struct Hall {
        uint256 list; // memory address of the first seat
        uint256 total; // seats
        uint256 able; // members that hold one
        uint256[] seats; // of each member, those excluded set to zero
    }

    /// @notice Lay out `seats` (see Nibbles) without the members whose value in `excluded` is not zero.
    /// @dev Writes a member's index 16 times over and moves on by as many entries as it has seats.
    function hall(uint256[] memory seats, uint256[] memory excluded) internal pure returns (Hall memory h) {
        unchecked {
            uint256 pos;
            assembly ("memory-safe") {
                pos := mload(0x40)
            }
            h.list = pos;
            h.seats = seats;
            for (uint256 i = 0; i < seats.length; ++i) {
                uint256 word = seats[i] & ~(Nibbles.nonZero(excluded[i]) * 15);
                seats[i] = word;
                h.able += Nibbles.count(Nibbles.nonZero(word));
                for (uint256 entry = i * Nibbles.PER_WORD * REPEAT; word != 0; entry += REPEAT) {
                    assembly ("memory-safe") {
                        mstore(pos, entry)
                        pos := add(pos, shl(1, and(word, 15)))
                        word := shr(4, word)
                    }
                }
            }
            h.total = (pos - h.list) >> 1;
            assembly ("memory-safe") {
                mstore(0x40, and(add(pos, 0x5f), not(0x1f))) // one word spare: seats are written by whole words
            }
        }
    }

    /// @return member The leader of `rank` in the line that `seed` defines for draws of this `tag`.
    function leader(Hall memory h, bytes32 seed, uint256 tag, uint256 rank) internal pure returns (uint256 member) {
        uint256 seat = uint256(keccak256(abi.encode(bytes32("leader"), seed, tag, rank))) % h.total;
        uint256 pos = h.list + 2 * seat;
        assembly ("memory-safe") {
            member := shr(240, mload(pos))
        }
    }

    /// @notice Draw exactly `count` members and write `mark` for each into `marks`, where nobody in the hall has one.
    /// @dev Step k swaps seat k with seat k + slice_k % (total - k); slices are the four quarters, highest first, of
    /// keccak256(seed, tag, k / 4). Their modulo bias is below 2^-50. The hall is used up.
    function draw(
        Hall memory h,
        bytes32 seed,
        uint256 tag,
        uint256 count,
        uint256 mark,
        uint256[] memory marks
    ) internal pure {
        if (count == h.able) {
            // Whoever can be drawn is drawn, in whatever order: spare the shuffle its last, longest steps.
            unchecked {
                for (uint256 i = 0; i < marks.length; ++i) {
                    marks[i] |= Nibbles.nonZero(h.seats[i]) * mark;
                }
            }
        } else {
            _shuffle(h.list, h.total, seed, tag, count, mark, marks);
        }
    }

    function _shuffle(
        uint256 list,
        uint256 total,
        bytes32 seed,
        uint256 tag,
        uint256 count,
        uint256 mark,
        uint256[] memory marks
    ) private pure {
        unchecked {
            uint256 slices;
            for (uint256 k = 0; count > 0; ++k) {
                slices = k & 3 == 0 ? _word(seed, tag, k >> 2) : slices << 64;
                uint256 here = list + 2 * k;
                uint256 there = here + 2 * ((slices >> 192) % (total - k));
                uint256 owner;
                assembly ("memory-safe") {
                    owner := shr(240, mload(there))
                    // put the seat of step k in the place of the one that was taken; the 30 bytes after it stay
                    mstore(there, or(shl(240, shr(240, mload(here))), shr(16, shl(16, mload(there)))))
                }
                if (marks.get(owner) != 0) continue;
                marks.set(owner, mark);
                --count;
            }
        }
    }

    function _word(bytes32 seed, uint256 tag, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            let frame := mload(0x40)
            mstore(frame, seed)
            mstore(add(frame, 0x20), tag)
            mstore(add(frame, 0x40), index)
            word := keccak256(frame, 0x60)
        }
    }
}
