// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Judgement, Panel} from "./Judgement.sol";
import {Menus} from "./Menus.sol";
import {Scores} from "./Scores.sol";

/// @title How good voters' scores were, and what voters say that proposals contributed
/// @notice Mirrors `chain/rules/pay.py` bit for bit.
library Quality {
    uint256 private constant PPM = 1_000_000;
    uint256 private constant KNOWN = 1 << 255; // in a prior: there is one

    /// @notice The quality of each voter, 0..1,000,000: how near its improvements over the old model are to the median
    /// ones; where medians contradict the prior, its mean with how many of those contradictions the voter shares.
    /// @param m Medians of the panel, see Judgement.
    /// @param prior See ICandidateAlliance.prior.
    function qualities(Panel memory p, int256[] memory m, uint256 candidates, uint256 prior)
        internal
        pure
        returns (uint256[] memory q)
    {
        q = _strays(p, m, candidates);
        uint256 usual = 0;
        for (uint256 i = 0; i < q.length; ++i) usual += p.weights[i] * q[i];
        usual /= p.weight;
        uint256[] memory surprises = _surprises(m, candidates, prior);
        for (uint256 i = 0; i < q.length; ++i) {
            q[i] = usual + q[i] == 0 ? PPM : PPM * usual / (usual + q[i]);
            if (surprises.length > 0) q[i] = (q[i] + PPM * _agreeing(p.scores[i], surprises) / surprises.length) / 2;
        }
    }

    /// @return bits What the next round's voters expect, after medians `m`.
    function nextPrior(int256[] memory m, uint256 candidates) internal pure returns (uint256 bits) {
        uint256 pair = 0;
        for (uint256 a = 0; a < candidates; ++a) {
            for (uint256 b = a + 1; b < candidates; ++b) {
                if (m[a * candidates + b] > 0) bits |= 1 << pair;
                ++pair;
            }
        }
        return bits | KNOWN;
    }

    /// @return What the voters credit the proposal at position `proposal` with: their mean by weight, truncated.
    function meanContribution(Panel memory p, uint256 proposal) internal pure returns (int256) {
        unchecked {
            int256 sum = 0;
            for (uint256 i = 0; i < p.votes.length; ++i) {
                sum += int256(p.weights[i]) * Scores.contribution(p.votes[i], proposal);
            }
            return sum / int256(p.weight);
        }
    }

    /// @dev How far each voter's improvements over the old model are from the median ones, summed over candidates.
    function _strays(Panel memory p, int256[] memory m, uint256 candidates)
        private
        pure
        returns (uint256[] memory strays)
    {
        unchecked {
            strays = new uint256[](p.scores.length);
            for (uint256 i = 0; i < strays.length; ++i) {
                uint256 scores = p.scores[i];
                int256 old = int256(Scores.score(scores, Menus.OLD));
                for (uint256 a = 1; a < candidates; ++a) {
                    int256 off = old - int256(Scores.score(scores, a)) - m[a * candidates];
                    strays[i] += uint256(off < 0 ? -off : off);
                }
            }
        }
    }

    /// @dev The pairs whose median contradicts the prior: the better entry << 4 | the worse one.
    function _surprises(int256[] memory m, uint256 candidates, uint256 prior)
        private
        pure
        returns (uint256[] memory found)
    {
        if (prior & KNOWN == 0) return found;
        found = new uint256[](candidates * (candidates - 1) / 2);
        (uint256 count, uint256 pair) = (0, 0);
        for (uint256 a = 0; a < candidates; ++a) {
            for (uint256 b = a + 1; b < candidates; ++b) {
                int256 median = m[a * candidates + b];
                bool expected = (prior >> pair++) & 1 != 0;
                if (median != 0 && (median > 0) != expected) found[count++] = median > 0 ? a << 4 | b : b << 4 | a;
            }
        }
        assembly ("memory-safe") {
            mstore(found, count)
        }
    }

    /// @return count How many of the pairs these scores put in the same order.
    function _agreeing(uint256 scores, uint256[] memory pairs) private pure returns (uint256 count) {
        unchecked {
            for (uint256 i = 0; i < pairs.length; ++i) {
                if (Scores.score(scores, pairs[i] >> 4) < Scores.score(scores, pairs[i] & 15)) ++count;
            }
        }
    }
}
