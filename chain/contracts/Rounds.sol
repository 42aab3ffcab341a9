// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAlliance} from "./IAlliance.sol";
import {Header, Task} from "./Task.sol";

/// @title How rounds and tasks end
library Rounds {
    /// @notice Go on to the next round, or finish after the last one.
    /// @param h The header after the round, the round's number unchanged.
    function end(Task storage t, uint256 task, Header h) internal {
        if (h.round() == h.rounds()) return finish(t, task, h);
        t.header = h.withPhase(IAlliance.Phase.IDLE, block.timestamp).withRound(h.round() + 1);
    }

    /// @notice No more rounds.
    function finish(Task storage t, uint256 task, Header h) internal {
        t.header = h.withPhase(IAlliance.Phase.FINISHED, block.timestamp);
        emit IAlliance.TaskFinished(task, h.round(), h.poolGwei());
    }
}
