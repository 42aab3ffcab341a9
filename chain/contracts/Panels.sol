// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ArenaConsensus} from "./ArenaConsensus.sol";
import {Epoch} from "./ArenaTask.sol";
import {IArena} from "./IArena.sol";
import {Shares} from "./Shares.sol";
import {Words} from "./Words.sol";

/// @notice The validators that revealed on a day, one to an index of each array, while places are settled.
struct Panel {
    uint256[] index; // of its Validation
    uint256[] weights; // whole gwei
    uint256[] powers; // of those
    uint256[] terms; // start, inverse and quota, see Panels
    uint256[] words; // scores of the eight places around the one that is settled
    uint256[] fits; // sum over the places of this batch
    uint256[] scored; // how many of those it scored
    uint256 places; // of the day
    uint256 block; // which eight places `words` are of, plus one
    Column column;
}

/// @notice What some of them say of one place; as long as there are scores of it, with room for all.
struct Column {
    uint256[] who; // index in the panel
    uint256[] scores;
    uint256[] weights;
    uint256[] powers;
    uint256[] keys; // room for medians
    uint256[] fits;
}

/// @title The panel of validators that judges places one by one
library Panels {
    using Words for uint256[];

    uint256 private constant U16 = type(uint16).max;
    uint256 private constant SCORE = type(uint32).max;

    /// @return p The validators that revealed, with stakes to the power of halves / 2.
    function load(Epoch storage e, uint256 halves) internal view returns (Panel memory p) {
        uint256 n = e.revealed;
        p.places = e.commits;
        p.index = new uint256[](n);
        p.weights = new uint256[](n);
        p.powers = new uint256[](n);
        p.terms = new uint256[](n);
        p.words = new uint256[](n);
        p.fits = new uint256[](n);
        p.scored = new uint256[](n);
        p.column = _column(n);
        uint256 j = 0;
        for (uint256 index = 0; j < n; ++index) {
            IArena.Validation storage v = e.validations[index];
            if (!v.revealed) continue;
            p.index[j] = index;
            p.weights[j] = v.weightGwei;
            p.powers[j] = Shares.powered(v.weightGwei, halves);
            p.terms[j] = (uint256(v.start) << 32) | (uint256(v.inverse) << 16) | v.quota;
            ++j;
        }
    }

    /// @notice Find the consensus on a place, and add to each validator what it earns by it.
    /// @return scored Whether anybody scored it.
    /// @return score The consensus.
    function judge(Panel memory p, Epoch storage e, uint256 place, uint256 decayWad)
        internal
        view
        returns (bool scored, uint256 score)
    {
        Column memory c = p.column;
        uint256 weight = _gather(p, c, e, place);
        if (c.who.length == 0) return (false, 0);
        score = ArenaConsensus.consensus(c.scores, c.weights, c.keys, weight);
        ArenaConsensus.fit(c.scores, score, c.powers, decayWad, c.fits);
        unchecked {
            for (uint256 i = 0; i < c.who.length; ++i) {
                uint256 j = c.who.word(i);
                p.fits.put(j, p.fits.word(j) + c.fits.word(i));
                p.scored.put(j, p.scored.word(j) + 1);
            }
        }
        return (true, score);
    }

    /// @notice Add up what the batch gave to each validator.
    function store(Panel memory p, Epoch storage e) internal {
        for (uint256 j = 0; j < p.index.length; ++j) {
            if (p.scored[j] == 0) continue;
            IArena.Validation storage v = e.validations[p.index[j]];
            v.fitsWad += uint128(p.fits[j]);
            v.scored += uint16(p.scored[j]);
        }
    }

    /// @dev Fill the column with the scores of a place, from those validators to whom it was assigned.
    /// @return weight Of those.
    function _gather(Panel memory p, Column memory c, Epoch storage e, uint256 place)
        private
        view
        returns (uint256 weight)
    {
        unchecked {
            if (place / 8 + 1 != p.block) _turn(p, e, place / 8);
            uint256 shift = 32 * (place % 8);
            uint256 count = 0;
            for (uint256 j = 0; j < p.index.length; ++j) {
                uint256 terms = p.terms.word(j);
                uint256 number = mulmod(place + p.places - (terms >> 32), (terms >> 16) & U16, p.places);
                if (number >= terms & U16) continue;
                c.who.put(count, j);
                c.scores.put(count, (p.words.word(j) >> shift) & SCORE);
                c.weights.put(count, p.weights.word(j));
                c.powers.put(count, p.powers.word(j));
                weight += p.weights.word(j);
                ++count;
            }
            _cut(c, count);
        }
    }

    /// @dev Read the next eight places' scores.
    function _turn(Panel memory p, Epoch storage e, uint256 word) private view {
        p.block = word + 1;
        for (uint256 j = 0; j < p.index.length; ++j) p.words[j] = e.scores[p.index[j]][word];
    }

    function _column(uint256 n) private pure returns (Column memory) {
        return Column(
            new uint256[](n),
            new uint256[](n),
            new uint256[](n),
            new uint256[](n),
            new uint256[](n),
            new uint256[](n)
        );
    }

    /// @dev Make all arrays of a column `count` long, at most what they were made for.
    function _cut(Column memory c, uint256 count) private pure {
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, 6) { i := add(i, 1) } { mstore(mload(add(c, shl(5, i))), count) }
        }
    }
}
