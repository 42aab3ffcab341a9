// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ArenaClock} from "./ArenaClock.sol";
import {ArenaConsensus} from "./ArenaConsensus.sol";
import {ArenaLedger} from "./ArenaLedger.sol";
import {ArenaTask, Epoch, Staker} from "./ArenaTask.sol";
import {IArena} from "./IArena.sol";
import {Ranking} from "./Ranking.sol";

/// @title What is known of a task; documented in IArena
library ArenaViews {
    using ArenaClock for ArenaTask;
    using ArenaLedger for ArenaTask;

    /// @notice See IArena.state.
    function state(ArenaTask storage t) internal view returns (IArena.TaskState memory s) {
        (s.phase, s.creator, s.finishedDays) = (t.phase, t.creator, t.finishedDays);
        (s.datasetB, s.fellBack) = (t.datasetB, t.fellBack);
        (s.stakedWei, s.ownWei) = (t.stakedWei, t.ownWei);
        (s.poolWei, s.fundWei, s.owedWei) = (t.poolWei, t.fundWei, t.owedWei);
        (s.heldNodesWei, s.heldValidatorsWei) = (t.heldNodesWei, t.heldValidatorsWei);
    }

    /// @notice See IArena.stakeOf.
    function stakeOf(ArenaTask storage t, address account) internal view returns (IArena.Stake memory found) {
        Staker storage s = t.stakers[account];
        (found.role, found.ownWei, found.delegatedWei) = (s.role, s.ownWei, s.delegatedWei);
        (found.lockDays, found.lockedUntil) = (s.lockDays, s.lockedUntil);
        found.weightGwei = t.weight(s).weightGwei;
        (found.pool, found.vrfX) = (s.pool, s.vrfX);
        found.bestScore = s.hasBest ? s.bestScore : ArenaConsensus.WORST;
        (found.bestDay, found.bestPlace) = (s.bestDay, s.bestPlace);
    }

    /// @notice See IArena.dayState.
    function dayState(ArenaTask storage t, uint256 day) internal view returns (IArena.DayState memory s) {
        Epoch storage e = t.epochs[day];
        (s.commits, s.settled) = (e.commits, e.settled);
        (s.validators, s.revealed, s.judged) = (e.validators, e.revealed, e.judged);
        (s.finished, s.digest) = (e.finished, e.digest);
        (s.nodesNowWei, s.nodesHeldWei) = (e.nodesNowWei, e.nodesHeldWei);
        (s.validatorsNowWei, s.validatorsHeldWei) = (e.validatorsNowWei, e.validatorsHeldWei);
    }

    /// @notice See IArena.ranking.
    function ranking(ArenaTask storage t, uint256 day) internal view returns (uint256[] memory places) {
        places = t.epochs[day].best;
        for (uint256 i = 0; i < places.length; ++i) places[i] = Ranking.place(places[i]);
    }

    /// @notice See ITaskSource.stakeWei: days on dataset A are what the emission pays for.
    function stakeWei(ArenaTask storage t) internal view returns (uint256) {
        bool running = t.phase == IArena.Phase.ACTIVE && block.timestamp >= t.beginsAt
            && block.timestamp < t.dayAt(t.params.dayCount);
        return running ? t.stakedWei : 0;
    }

    /// @notice See IPoolMarket.endsAt.
    function endsAt(ArenaTask storage t) internal view returns (uint256) {
        return t.phase == IArena.Phase.CANCELLED ? 0 : t.dayAt(t.params.dayCount);
    }
}
