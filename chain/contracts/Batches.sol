// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAlliance} from "./IAlliance.sol";
import {Messages} from "./Messages.sol";
import {Nibbles} from "./Nibbles.sol";
import {Roster} from "./Roster.sol";
import {Ballot, Ballots, Header, Task} from "./Task.sol";

/// @title Reading the packed batches of signed messages
/// @notice Formats are documented in IAlliance. Members' standings change as their messages are verified.
library Batches {
    using Messages for Messages.Frame;
    using Nibbles for uint256[];
    using Roster for Roster.Reader;

    uint256 private constant PROPOSAL_BYTES = 98;
    uint256 private constant VOTE_BYTES = 74;
    uint256 private constant PAIR_BYTES = 34;
    uint256 private constant BARE = 0x8000;
    uint256 private constant OWN = 0x4000;
    uint256 private constant LIST = 0xFFFF;
    uint256 private constant SCORE_ONE = 1_000_000;
    uint256 private constant BPS = 10_000;

    uint256 private constant SILENT_PROPOSER = uint256(IAlliance.Standing.SILENT_PROPOSER);
    uint256 private constant PROPOSED = uint256(IAlliance.Standing.PROPOSED);
    uint256 private constant SILENT_VOTER = uint256(IAlliance.Standing.SILENT_VOTER);
    uint256 private constant VOTED_YES = uint256(IAlliance.Standing.VOTED_YES);
    uint256 private constant WITHHELD = uint256(IAlliance.Standing.WITHHELD);
    uint256 private constant COMMITTED = uint256(IAlliance.Standing.COMMITTED);
    uint256 private constant LATE = uint256(IAlliance.Standing.LATE);
    uint256 private constant LATE_YES = uint256(IAlliance.Standing.LATE_YES);

    /// @notice Where a batch is for.
    struct Context {
        uint256 task; // number
        Header header; // its header
        bytes32 domain; // EIP-712 domain separator
    }

    /// @notice Where the votes of a round stand while a batch of them is read.
    struct Count {
        uint256[] standings; // of all members
        uint256 list; // memory address of the rebuilt list
        uint256 length; // of the rebuilt list, in bytes
        uint256 next; // members of the list ascend: the least that may come
        uint256 open; // listed voters that have not revealed
        bytes32 listHash; // as given in place of the list, else zero
    }

    /// @notice Record the proposals in `batch`.
    function propose(Task storage t, Context memory c, bytes calldata batch) internal {
        if (batch.length == 0 || batch.length % PROPOSAL_BYTES != 0) revert IAlliance.BadBatch(batch.length);
        Messages.Frame frame = Messages.frame(c.domain, Messages.PROPOSAL, c.task, c.header.round());
        Roster.Reader memory roster = Roster.reader(c.task, c.header.members());
        uint256 loaded = type(uint256).max; // index of `word` in t.standings
        uint256 word;
        uint256 written;
        for (uint256 pos = 0; pos < batch.length;) {
            unchecked {
                uint256 member = _u16(batch, pos);
                if (member >= roster.members) revert IAlliance.BadBatch(batch.length);
                if (member >> 6 != loaded) {
                    if (word != written) t.standings[loaded] = word;
                    loaded = member >> 6;
                    word = written = t.standings[loaded];
                }
                uint256 shift = (member & 63) << 2;
                uint256 standing = (word >> shift) & 15;
                if (standing == SILENT_PROPOSER) {
                    frame.put(3, _word(batch, pos + 2));
                    _require(frame, 4, roster, member, batch, pos + 34);
                    word += (PROPOSED - SILENT_PROPOSER) << shift;
                } else if (standing != PROPOSED) {
                    revert IAlliance.WrongStanding(member, IAlliance.Standing(standing));
                }
                pos += PROPOSAL_BYTES;
            }
        }
        if (word != written) t.standings[loaded] = word;
    }

    /// @notice Record the votes in `votes` in `count.standings`, and check them against the ballot.
    function reveal(Task storage t, Context memory c, Ballot ballot, bytes32 candidate, bytes calldata votes)
        internal
        view
        returns (Count memory count)
    {
        count.standings = Nibbles.load(t.standings, c.header.members());
        Roster.Reader memory roster = Roster.reader(c.task, c.header.members());
        Messages.Frame frame = Messages.frame(c.domain, Messages.VOTE, c.task, c.header.round());
        frame.put(3, uint256(candidate));
        uint256 list;
        uint256 room = votes.length + 32; // the list is shorter than the records it is rebuilt from
        assembly ("memory-safe") {
            list := mload(0x40)
            mstore(0x40, add(list, and(add(room, 31), not(31))))
        }
        count.list = list;
        for (uint256 pos = 0; pos < votes.length;) {
            pos = _record(t, c, roster, frame, count, votes, pos);
        }
        _requireBallot(c.task, ballot, candidate, count);
    }

    /// @return Key in Task.commitments.
    function ownKey(uint256 round, uint256 member) internal pure returns (uint256) {
        return (round << 16) | member;
    }

    /// @dev Read one record at `pos` and return where the next one begins.
    function _record(
        Task storage t,
        Context memory c,
        Roster.Reader memory roster,
        Messages.Frame frame,
        Count memory count,
        bytes calldata votes,
        uint256 pos
    ) private view returns (uint256) {
        unchecked {
            uint256 tag = _u16(votes, pos);
            uint256 member = tag & ~(BARE | OWN);
            uint256 end = pos + (tag & BARE == 0 ? VOTE_BYTES : PAIR_BYTES);
            if (end > votes.length) revert IAlliance.BadBatch(votes.length);
            if (tag == LIST) {
                count.listHash = bytes32(_word(votes, pos + 2));
                return end;
            }
            if (member >= roster.members) revert IAlliance.BadBatch(votes.length);
            uint256 standing = count.standings.get(member);
            if (tag & BARE != 0) {
                if (standing == SILENT_VOTER || standing == WITHHELD) ++count.open;
                _append(count, votes, member, _word(votes, pos + 2));
                return end;
            }
            uint256 commitment = _commitment(votes, pos + 10);
            if (tag & OWN == 0) {
                _append(count, votes, member, commitment);
                if (standing != SILENT_VOTER && standing != WITHHELD) {
                    if (standing < SILENT_VOTER) revert IAlliance.WrongStanding(member, IAlliance.Standing(standing));
                    return end; // it has revealed, or committed something else by itself: this only fills the list
                }
            } else {
                if (standing != COMMITTED && standing != LATE) {
                    revert IAlliance.WrongStanding(member, IAlliance.Standing(standing));
                }
                if (uint256(t.commitments[ownKey(c.header.round(), member)]) != commitment) {
                    revert IAlliance.NotCommitted(member);
                }
            }
            bool yes = _scores(frame, c.header, member, votes, pos + 2);
            _require(frame, 6, roster, member, votes, pos + 10);
            count.standings.set(member, (standing == LATE ? LATE_YES : VOTED_YES) + (yes ? 0 : 1));
            return end;
        }
    }

    /// @dev Put both scores into the frame and return what they vote for.
    function _scores(Messages.Frame frame, Header header, uint256 member, bytes calldata votes, uint256 pos)
        private
        pure
        returns (bool yes)
    {
        unchecked {
            uint256 both = _word(votes, pos) >> 192;
            uint256 scoreOld = both >> 32;
            uint256 scoreNew = both & type(uint32).max;
            if (scoreOld > SCORE_ONE) revert IAlliance.BadScore(member, scoreOld);
            if (scoreNew > SCORE_ONE) revert IAlliance.BadScore(member, scoreNew);
            frame.put(4, scoreOld);
            frame.put(5, scoreNew);
            return scoreNew * BPS >= scoreOld * (BPS - header.toleranceBps());
        }
    }

    function _append(Count memory count, bytes calldata votes, uint256 member, uint256 commitment) private pure {
        unchecked {
            if (member < count.next) revert IAlliance.BadBatch(votes.length);
            count.next = member + 1;
            uint256 end = count.list + count.length;
            assembly ("memory-safe") {
                mstore(end, shl(240, member))
                mstore(add(end, 2), commitment)
            }
            count.length += PAIR_BYTES;
        }
    }

    /// @dev An empty batch stands for an empty list, unless a hash is given.
    function _requireBallot(uint256 task, Ballot ballot, bytes32 candidate, Count memory count) private pure {
        bytes32 listHash = count.listHash;
        if (listHash == 0 || count.length > 0) {
            uint256 list = count.list;
            uint256 length = count.length;
            assembly ("memory-safe") {
                listHash := keccak256(list, length)
            }
        }
        ballot.requireDigest(task, Ballots.digestOf(candidate, listHash));
    }

    function _require(
        Messages.Frame frame,
        uint256 words,
        Roster.Reader memory roster,
        uint256 member,
        bytes calldata batch,
        uint256 pos
    ) private view {
        address signer = frame.recover(words, bytes32(_word(batch, pos)), bytes32(_word(batch, pos + 32)));
        if (signer == address(0) || signer != roster.get(member)) revert IAlliance.BadSignature(member);
    }

    /// @dev Callers have checked that the record is inside the batch.
    function _word(bytes calldata batch, uint256 pos) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(add(batch.offset, pos))
        }
    }

    /// @dev Of a batch whose end cuts the two bytes, what is missing does not matter: the record is refused.
    function _u16(bytes calldata batch, uint256 pos) private pure returns (uint256) {
        return _word(batch, pos) >> 240;
    }

    function _commitment(bytes calldata votes, uint256 pos) private pure returns (uint256 hash) {
        assembly ("memory-safe") {
            calldatacopy(0, add(votes.offset, pos), 64)
            hash := keccak256(0, 64)
        }
    }
}
