// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Panel} from "./Judgement.sol";
import {Menu, Menus} from "./Menus.sol";
import {Scores} from "./Scores.sol";
import {Vectors} from "./Vectors.sol";
import {Words} from "./Words.sol";

/// @title What voters credit proposals with, and what their word on it weighs
/// @notice Mirrors `credit_weights` and `mean_contributions` of `chain/rules/pay.py` bit for bit, and is explained there.
/// @dev Sums over the parts of all candidates at once: a proposal is a word with a 1 in the lane of each candidate that
/// it is part of, but the old model. A lane holds up to 64 contributions, each raised so that it is not below 0.
library Credit {
    using Menus for Menu;
    using Vectors for int256[];
    using Words for int256[];
    using Words for uint256[];

    uint256 private constant PPM = 1_000_000;
    int256 private constant UNIT = 1_000;
    uint256 private constant LANE_BITS = 20;
    uint256 private constant LANE = (1 << LANE_BITS) - 1;
    uint256 private constant RAISE = 10_000; // Scores.POINTS

    /// @notice Note in the panel what each voter's contributions weigh: balance times the square of nearness times how
    /// well they explain the voter's own scores.
    function weigh(Panel memory p, Menu memory m) internal pure {
        uint256 n = m.candidates - 1;
        (uint256[] memory lanes, uint256 sizes, bool differ) = _lanes(m);
        p.credits = new uint256[](p.votes.length);
        for (uint256 i = 0; i < p.votes.length; ++i) {
            uint256 near = p.near[i];
            uint256 consistent = differ ? _consistency(p.scores[i], _sums(p.votes[i], lanes), sizes, n) : PPM;
            p.credits[i] = p.weights[i] * near * near * consistent / (PPM * PPM);
            p.credit += p.credits[i];
        }
    }

    /// @return average What the panel credits the proposal at position `proposal` with: the mean by credits, truncated;
    /// 0 if nobody has any.
    function mean(Panel memory p, uint256 proposal) internal pure returns (int256 average) {
        (uint256[] memory credits, uint256[] memory votes, uint256 credit) = (p.credits, p.votes, p.credit);
        assembly ("memory-safe") {
            let from := add(32, shl(1, proposal)) // of the contribution in a vote: behind the scores, two bytes each
            let sum := 0
            for { let place := shl(5, mload(votes)) } place { place := sub(place, 0x20) } {
                let points := signextend(1, shr(240, mload(add(mload(add(votes, place)), from))))
                sum := add(sum, mul(mload(add(credits, place)), points))
            }
            average := sdiv(sum, credit) // 0 divided by 0 is 0
        }
    }

    /// @return lanes The word of each proposal.
    /// @return sizes How many proposals each candidate is made of, in its lane.
    /// @return differ Whether not all candidates are made of the same proposals.
    function _lanes(Menu memory m) private pure returns (uint256[] memory lanes, uint256 sizes, bool differ) {
        unchecked {
            lanes = new uint256[](m.proposals);
            uint256 all = 0;
            for (uint256 a = 1; a < m.candidates; ++a) all = (all << LANE_BITS) | 1;
            for (uint256 j = 0; j < lanes.length; ++j) {
                uint256 word = 0;
                for (uint256 a = m.candidates - 1; a > 0; --a) {
                    word = (word << LANE_BITS) | (m.mark(a, j) & Menus.PART == 0 ? 0 : 1);
                }
                lanes.put(j, word);
                sizes += word;
                if (word != 0 && word != all) differ = true;
            }
        }
    }

    /// @return sums Of what `vote` credits each candidate's parts with, raised, in the candidate's lane.
    function _sums(uint256 vote, uint256[] memory lanes) private pure returns (uint256 sums) {
        assembly ("memory-safe") {
            let last := add(lanes, shl(5, mload(lanes)))
            let pos := add(vote, 32)
            for { let place := add(lanes, 0x20) } iszero(gt(place, last)) { place := add(place, 0x20) } {
                let points := signextend(1, shr(240, mload(pos)))
                sums := add(sums, mul(mload(place), add(points, RAISE)))
                pos := add(pos, 2)
            }
        }
    }

    /// @return The fourth power of the correlation, where it is positive, between what a voter found candidates to gain
    /// and the mean of what it credits their parts with; in millionths.
    function _consistency(uint256 scores, uint256 sums, uint256 sizes, uint256 n) private pure returns (uint256) {
        unchecked {
            (int256[] memory gains, int256[] memory credited) = (new int256[](n), new int256[](n));
            int256 old = int256(Scores.score(scores, Menus.OLD));
            for (uint256 i = 0; i < n; ++i) {
                gains.put(i, old - int256(Scores.score(scores, i + 1)));
                uint256 size = sizes & LANE;
                if (size > 0) credited.put(i, UNIT * (int256(sums & LANE) - int256(RAISE * size)) / int256(size));
                (sums, sizes) = (sums >> LANE_BITS, sizes >> LANE_BITS);
            }
            int256 square = gains.centre() * credited.centre();
            int256 along = gains.product(credited);
            if (along <= 0) return 0;
            uint256 share = PPM * uint256(along * along) / uint256(square);
            return share * share / PPM;
        }
    }
}
