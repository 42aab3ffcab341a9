// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Medians} from "./Medians.sol";
import {Menus} from "./Menus.sol";
import {Scores} from "./Scores.sol";
import {Words} from "./Words.sol";

/// @notice Voters who revealed, one index each.
struct Panel {
    uint256[] members; // who they are
    uint256[] scores; // the word of each
    uint256[] balances; // of each before the settlement, in gwei
    uint256 balance; // sum of balances
    uint256[] weights; // balance of each, as far as it gives seats
    uint256[] votes; // memory address of each one's scores and contributions
    int256[] agreements; // average agreement of each, see Quality
    uint256[] near; // nearness of each, see Quality
    uint256[] credits; // what each one's contributions weigh, see Credit
    uint256 credit; // sum of credits
    uint256 weight; // sum of weights, above 0 where they decide
}

/// @title What the voters of a menu say of it
/// @notice Mirrors `chain/rules/candidates.py` bit for bit.
library Judgement {
    using Words for int256[];
    using Words for uint256[];

    uint256 private constant BPS = 10_000;

    /// @notice M[a][b] for all pairs of the first `candidates` entries, at index a * candidates + b: the lower median,
    /// by weight, over voters of their score of b less that of a; above 0 where a is better; 0 for a = b.
    function medians(Panel memory p, uint256 candidates) internal pure returns (int256[] memory m) {
        unchecked {
            m = new int256[](candidates * candidates);
            uint256[] memory keys = new uint256[](p.scores.length);
            uint256[][] memory columns = new uint256[][](candidates);
            for (uint256 a = 0; a < candidates; ++a) columns[a] = Medians.column(p.scores, Scores.BITS * a);
            for (uint256 a = 0; a < candidates; ++a) {
                uint256[] memory base = Medians.negated(columns[a], p.weights);
                for (uint256 b = a + 1; b < candidates; ++b) {
                    Medians.add(base, columns[b], keys);
                    (int256 lower, int256 upper) = Medians.select(keys, p.weight);
                    m.put(a * candidates + b, lower);
                    m.put(b * candidates + a, -upper); // the lower median of the negatives
                }
            }
        }
    }

    /// @notice Which candidate is adopted, by the medians `m` of the panel.
    /// @return winner It.
    /// @return best The candidate whose worst comparison is best; of equal ones the default, then the lowest.
    /// @return backing Weight of those who score it better than the default.
    function decide(Panel memory p, int256[] memory m, uint256 candidates, uint256 overrideBps)
        internal
        pure
        returns (uint256 winner, uint256 best, uint256 backing)
    {
        best = Menus.DEFAULT;
        int256 most = _worst(m, candidates, best);
        for (uint256 a = 0; a < candidates; ++a) {
            int256 value = _worst(m, candidates, a);
            if (value > most) (best, most) = (a, value);
        }
        backing = better(p, best, Menus.DEFAULT);
        bool adopted = best == Menus.DEFAULT || backing * BPS >= overrideBps * p.weight;
        return (adopted ? best : Menus.DEFAULT, best, backing);
    }

    /// @return weight Of the voters that score entry `a` better than entry `b`.
    function better(Panel memory p, uint256 a, uint256 b) internal pure returns (uint256 weight) {
        for (uint256 i = 0; i < p.scores.length; ++i) {
            if (Scores.score(p.scores[i], a) < Scores.score(p.scores[i], b)) weight += p.weights[i];
        }
    }

    /// @dev The worst comparison of candidate `a`.
    function _worst(int256[] memory m, uint256 candidates, uint256 a) private pure returns (int256 value) {
        unchecked {
            value = type(int256).max;
            for (uint256 b = 0; b < candidates; ++b) {
                int256 median = m.word(a * candidates + b);
                if (b != a && median < value) value = median;
            }
        }
    }
}
