// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ArenaTask} from "./ArenaTask.sol";
import {IArena} from "./IArena.sol";

/// @title Days and windows of a task, and refusals of what comes too early or too late
library ArenaClock {
    /// @notice Seconds in a day, as the emission's.
    uint256 internal constant DAY_S = 86_400;

    /// @return Second at which a day begins.
    function dayAt(ArenaTask storage t, uint256 day) internal view returns (uint256) {
        return t.beginsAt + day * DAY_S;
    }

    /// @return Today, from 1: 0 before day 0.
    function ordinal(ArenaTask storage t) internal view returns (uint256) {
        uint256 from = t.beginsAt;
        return block.timestamp < from ? 0 : 1 + (block.timestamp - from) / DAY_S;
    }

    /// @return Today; refuses what comes before day 0 or after the B day.
    function today(ArenaTask storage t, uint256 task) internal view returns (uint256) {
        requireFrom(task, t.beginsAt);
        requireBefore(task, overAt(t));
        return ordinal(t) - 1;
    }

    /// @return Second at which the B day is over.
    function overAt(ArenaTask storage t) internal view returns (uint256) {
        return dayAt(t, uint256(t.params.dayCount) + 1);
    }

    /// @return Second at which the day's reveals of submissions end, and validators begin.
    function scoreAt(ArenaTask storage t, uint256 day) internal view returns (uint256) {
        return dayAt(t, day) + t.params.submitS + t.params.revealS;
    }

    /// @return Second at which all windows of the day are over.
    function settleAt(ArenaTask storage t, uint256 day) internal view returns (uint256) {
        return scoreAt(t, day) + t.params.scoreS + t.params.revealScoresS;
    }

    /// @notice Refuse a day that the task does not have; `dayCount` is the B day.
    function requireDay(ArenaTask storage t, uint256 task, uint256 day) internal view {
        uint256 last = t.params.dayCount;
        if (day > last) revert IArena.UnknownDay(task, day, last + 1);
    }

    /// @notice Refuse what is possible only in the `lengthS` seconds from second `from` on.
    function requireWithin(uint256 task, uint256 from, uint256 lengthS) internal view {
        requireFrom(task, from);
        requireBefore(task, from + lengthS);
    }

    /// @notice Refuse what is possible only from second `from` on.
    function requireFrom(uint256 task, uint256 from) internal view {
        if (block.timestamp < from) revert IArena.TooEarly(task, block.timestamp, from);
    }

    /// @notice Refuse what was possible only before second `until`.
    function requireBefore(uint256 task, uint256 until) internal view {
        if (block.timestamp >= until) revert IArena.TooLate(task, block.timestamp, until);
    }

    /// @notice Refuse tasks that are not active.
    function requireActive(ArenaTask storage t, uint256 task) internal view {
        IArena.Phase phase = t.phase;
        if (phase == IArena.Phase.NONE) revert IArena.UnknownTask(task);
        if (phase != IArena.Phase.ACTIVE) revert IArena.WrongPhase(task, phase);
    }
}
