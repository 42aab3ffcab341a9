// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAlliance} from "./IAlliance.sol";
import {Nibbles} from "./Nibbles.sol";
import {Ballot, Header, Task} from "./Task.sol";

/// @title Which phase a task is in, and refusals of what comes in another one, too early or too late
library Phases {
    using Nibbles for uint256[];

    /// @return The phase at this block's time: what only time or messages tell apart is not stored.
    function phase(Task storage t, Header h) internal view returns (IAlliance.Phase) {
        IAlliance.Phase stored = h.phase();
        if (stored != IAlliance.Phase.PROPOSING) return stored;
        Ballot ballot = t.ballot;
        if (ballot.round() == h.round()) {
            return ballot.awaited() ? IAlliance.Phase.COMMITTING : IAlliance.Phase.REVEALING;
        }
        if (block.timestamp >= h.phaseAt()) return IAlliance.Phase.LOCKED;
        uint256[] memory standings = Nibbles.load(t.standings, h.members());
        uint256 silent = standings.countEqual(uint256(IAlliance.Standing.SILENT_PROPOSER));
        return silent == 0 ? IAlliance.Phase.LOCKED : IAlliance.Phase.PROPOSING;
    }

    /// @return h The header of a task that exists.
    function known(Task storage t, uint256 task) internal view returns (Header h) {
        h = t.header;
        if (h.phase() == IAlliance.Phase.NONE) revert IAlliance.UnknownTask(task);
    }

    /// @return h The header of a task that is not finished, for a step of it.
    function running(Task storage t, uint256 task) internal view returns (Header h) {
        requireDirect();
        return unfinished(t, task);
    }

    /// @return h The header of a task that is not finished, whoever calls.
    function unfinished(Task storage t, uint256 task) internal view returns (Header h) {
        h = known(t, task);
        if (h.phase() == IAlliance.Phase.FINISHED) revert IAlliance.WrongPhase(task, IAlliance.Phase.FINISHED);
    }

    /// @return h The header of a task in this phase, for a step of it.
    function within(Task storage t, uint256 task, IAlliance.Phase needed) internal view returns (Header h) {
        requireDirect();
        h = known(t, task);
        IAlliance.Phase found = phase(t, h);
        if (found != needed) revert IAlliance.WrongPhase(task, found);
    }

    /// @return The second until which voters that the list omits commit, and from which votes are revealed at last.
    function omittedUntil(Task storage t) internal view returns (uint256) {
        return t.ballot.deadline() + t.voting.commitS;
    }

    /// @notice Once there is a quorum of proposals, give those who have yet to propose graceS at most.
    function hurry(Task storage t, Header h) internal {
        (uint256 quorum, uint256 graceS) = (t.quorum, t.graceS);
        uint256 proposed = Nibbles.load(t.standings, h.members()).countEqual(uint256(IAlliance.Standing.PROPOSED));
        if (graceS == 0 || proposed < quorum || proposed == h.proposers()) return;
        uint256 until = block.timestamp + graceS;
        if (until < h.phaseAt()) t.header = h.withPhase(IAlliance.Phase.PROPOSING, until);
    }

    /// @return The ballot with the deadline that it has from now on if its list omits voters, for whom it leaves graceS
    /// at most.
    function omitting(Task storage t, Ballot ballot) internal view returns (Ballot) {
        uint256 graceS = t.graceS;
        if (graceS == 0) return ballot;
        uint256 hurried = block.timestamp + graceS - t.voting.commitS;
        return hurried < ballot.deadline() ? ballot.withDeadline(hurried) : ballot;
    }

    /// @notice Refuse callers that are contracts: their calldata would be nowhere to read.
    function requireDirect() internal view {
        if (msg.sender != tx.origin) revert IAlliance.NotDirect();
    }

    /// @notice Refuse what is possible only from second `from` on.
    function requireFrom(uint256 task, uint256 from) internal view {
        if (block.timestamp < from) revert IAlliance.TooEarly(task, block.timestamp, from);
    }

    /// @notice Refuse what was possible only before second `until`.
    function requireBefore(uint256 task, uint256 until) internal view {
        if (block.timestamp >= until) revert IAlliance.TooLate(task, block.timestamp, until);
    }
}
