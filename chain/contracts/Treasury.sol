// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAlliance} from "./IAlliance.sol";
import {Members} from "./Members.sol";
import {Money} from "./Money.sol";
import {Phases} from "./Phases.sol";
import {Header, Task} from "./Task.sol";

/// @title What comes into tasks' pools, what goes out of finished tasks, and what the emission must know of stakes
/// @notice Deployed by itself and linked into the Alliance, as Registry is. Functions do what IAlliance says of those that
/// call them.
library Treasury {
    using Members for Task;
    using Phases for Task;

    /// @notice Take `amountWei` of the caller's, which may be a contract, into the pool.
    function fund(Task storage t, uint256 task, address fml, uint256 amountWei) external {
        Header h = t.unfinished(task);
        h = h.withPool(h.poolGwei() + Money.gwei_(amountWei));
        t.header = h;
        emit IAlliance.TaskFunded(task, msg.sender, amountWei, h.poolGwei() * Money.WEI_PER_GWEI);
        Money.pull(fml, amountWei);
    }

    /// @notice Send a member everything that a finished task holds of it.
    function withdraw(Task storage t, uint256 task, address fml, uint256 member) external {
        t.within(task, IAlliance.Phase.FINISHED);
        Money.pay(fml, t.nodes[member], t.takeAll(member));
    }

    /// @notice Send a queued node the stake that a finished task holds in its queue.
    function withdrawQueued(Task storage t, uint256 task, address fml, uint256 position) external {
        t.within(task, IAlliance.Phase.FINISHED);
        IAlliance.Queued memory queued = t.queue[position];
        delete t.queue[position];
        t.terms.queuedGwei -= queued.amountGwei;
        Money.pay(fml, queued.node, queued.amountGwei);
    }

    /// @notice Send the creator what is left in a finished task's pool.
    function withdrawPool(Task storage t, uint256 task, address fml) external {
        Header h = t.within(task, IAlliance.Phase.FINISHED);
        t.header = h.withPool(0);
        Money.pay(fml, t.creator, h.poolGwei());
    }

    /// @notice Send an account its credit.
    function withdrawCredit(mapping(address => uint256) storage credits, address fml, address account) external {
        Phases.requireDirect();
        uint256 amountGwei = credits[account];
        credits[account] = 0;
        Money.pay(fml, account, amountGwei);
    }

    /// @return staked What members with a seat hold while the task runs, in gwei.
    function stakedGwei(Task storage t, uint256 task) external view returns (uint256 staked) {
        Header h = t.known(task);
        if (!_runs(h)) return 0;
        uint256 minStake = t.terms.minStakeGwei;
        for (uint256 i = 0; i * Members.PER_WORD < h.members(); ++i) {
            for (uint256 five = t.balances[i]; five != 0; five >>= Members.BITS) {
                uint256 held = five & Members.MAX_BALANCE_GWEI;
                if (held >= minStake) staked += held;
            }
        }
    }

    /// @return node Whose place it is; nobody's if there is no such member.
    /// @return stakeGwei What it holds, if the task runs and that is a seat at least.
    function seated(Task storage t, uint256 task, uint256 member)
        external
        view
        returns (address node, uint256 stakeGwei)
    {
        Header h = t.known(task);
        if (member >= h.members()) return (address(0), 0);
        uint256 held = t.balance(member);
        return (t.nodes[member], _runs(h) && held >= t.terms.minStakeGwei ? held : 0);
    }

    function _runs(Header h) private pure returns (bool) {
        return h.phase() != IAlliance.Phase.REGISTRATION && h.phase() != IAlliance.Phase.FINISHED;
    }
}
