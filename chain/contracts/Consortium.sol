// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ISites} from "./ISites.sol";

/// @title A consortium's members, and who of them says yes to what, as bits of one word
/// @notice A member has a slot that is never given to anybody else, so a yes dies with the membership of who said it.
library Consortium {
    /// @notice Members at one time at most.
    uint256 internal constant MAX_MEMBERS = 64;
    /// @notice Admissions in all: the bits of a word.
    uint256 internal constant MAX_SLOTS = 256;

    /// @param seated One bit for each slot whose member still is one.
    /// @param slots How many slots were given.
    /// @param size Members now.
    /// @param threshold How many of them must agree.
    /// @param slotOf Slot + 1 of a member; 0: not one.
    /// @param memberIn Who is or was in a slot.
    struct Book {
        uint256 seated;
        uint16 slots;
        uint16 size;
        uint16 threshold;
        mapping(address member => uint256) slotOf;
        mapping(uint256 slot => address) memberIn;
    }

    /// @notice Give `account` a slot.
    function admit(Book storage book, address account) internal {
        if (book.slotOf[account] != 0) revert ISites.InConsortium(account);
        if (account == address(0) || book.size == MAX_MEMBERS || book.slots == MAX_SLOTS) {
            revert ISites.BadConsortium(uint256(book.size) + 1, book.threshold);
        }
        uint256 slot = book.slots;
        book.seated |= 1 << slot;
        book.slotOf[account] = slot + 1;
        book.memberIn[slot] = account;
        (book.slots, book.size) = (uint16(slot + 1), book.size + 1);
    }

    /// @notice Take the slot of `account`; there must remain as many members as must agree.
    function expel(Book storage book, address account) internal {
        uint256 place = requireMember(book, account);
        if (book.size == book.threshold) revert ISites.BadConsortium(book.size - 1, book.threshold);
        book.seated &= ~(1 << (place - 1));
        delete book.slotOf[account];
        --book.size;
    }

    /// @notice Set how many must agree.
    function setThreshold(Book storage book, uint256 threshold) internal {
        if (threshold == 0 || threshold > book.size) revert ISites.BadConsortium(book.size, threshold);
        book.threshold = uint16(threshold);
    }

    /// @return place Slot + 1 of a member.
    function requireMember(Book storage book, address account) internal view returns (uint256 place) {
        place = book.slotOf[account];
        if (place == 0) revert ISites.NotInConsortium(account);
    }

    /// @return The votes after `account` has said yes or no; it must not have said so already.
    function judged(Book storage book, uint256 votes, address account, bool says) internal view returns (uint256) {
        uint256 bit = 1 << (requireMember(book, account) - 1);
        if ((votes & bit != 0) == says) revert ISites.NothingNew(account);
        return votes ^ bit;
    }

    /// @return yes How many of the members now have said yes.
    function tally(Book storage book, uint256 votes) internal view returns (uint256 yes) {
        for (votes &= book.seated; votes != 0; votes &= votes - 1) ++yes;
    }
}
