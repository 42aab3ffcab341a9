// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {AllianceCore} from "./AllianceCore.sol";
import {IAlliance} from "./IAlliance.sol";
import {IMajorityAlliance} from "./IMajorityAlliance.sol";
import {Messages} from "./Messages.sol";
import {Money} from "./Money.sol";
import {Nibbles} from "./Nibbles.sol";
import {Phases} from "./Phases.sol";
import {Rounds} from "./Rounds.sol";
import {Settlement} from "./Settlement.sol";
import {Ballot, Header, Task} from "./Task.sol";
import {Votes} from "./Votes.sol";

/// @title FL Alliance under the published rule
/// @notice Documented in IMajorityAlliance.
contract Alliance is AllianceCore, IMajorityAlliance {
    using Nibbles for uint256[];
    using Phases for Task;

    /// @param fml_ The FML token.
    constructor(address fml_) AllianceCore(fml_) {}

    /// @inheritdoc IMajorityAlliance
    function createTask(TaskParams calldata p, uint256 poolWei) external returns (uint256 task) {
        return _create(p, poolWei);
    }

    /// @inheritdoc IMajorityAlliance
    function revealVotes(uint256 task, bytes32 motion, bytes calldata votes) external {
        Task storage t = _tasks[task];
        Header h = t.within(task, Phase.REVEALING);
        (uint256[] memory standings,,) = _reveal(t, task, h, t.ballot, motion, votes);
        Nibbles.store(t.standings, standings);
    }

    /// @inheritdoc IMajorityAlliance
    function settle(uint256 task, bytes32 previous, bytes32 candidate, bytes calldata votes) external {
        Phases.requireDirect();
        Task storage t = _tasks[task];
        Header h = t.header;
        Ballot ballot = t.ballot;
        if (h.phase() != Phase.PROPOSING || ballot.round() != h.round() || ballot.awaited()) {
            return _settleUnjudged(t, task, t.known(task), candidate);
        }
        bytes32 motion = Hashes.efficientKeccak256(previous, candidate);
        (uint256[] memory standings, uint256 open, bool listed) = _reveal(t, task, h, ballot, motion, votes);
        (uint256 yes, uint256 no, uint256 late) = Settlement.tally(standings);
        if (yes + no < h.voters() || late != 0) Settlement.requireDue(t, task, standings, listed && open == 0);
        _settle(t, task, h, candidate, standings, Settlement.outcome(yes, no, h.voters()));
    }

    function _voteType() internal pure override returns (bytes32) {
        return Messages.VOTE;
    }

    function _reveal(
        Task storage t,
        uint256 task,
        Header h,
        Ballot ballot,
        bytes32 motion,
        bytes calldata votes
    ) private view returns (uint256[] memory standings, uint256 open, bool listed) {
        if (!ballot.complete()) Phases.requireFrom(task, t.omittedUntil());
        return Votes.reveal(t, task, h, ballot, _domainSeparatorV4(), motion, votes);
    }

    /// @dev Where nobody judges, the relayer's candidate is accepted.
    function _settleUnjudged(Task storage t, uint256 task, Header h, bytes32 candidate) private {
        Phase phase = t.phase(h);
        if (h.voters() > 0 || phase != Phase.LOCKED) revert WrongPhase(task, phase);
        if (msg.sender != t.voting.relayer) revert NotAllowed(msg.sender, t.voting.relayer);
        uint256[] memory standings = Nibbles.load(t.standings, h.members());
        if (standings.countEqual(uint256(Standing.PROPOSED)) == 0) revert WrongPhase(task, phase);
        _settle(t, task, h, candidate, standings, Outcome.ACCEPTED);
    }

    function _settle(
        Task storage t,
        uint256 task,
        Header h,
        bytes32 candidate,
        uint256[] memory standings,
        Outcome outcome
    ) private {
        (uint256 paid, uint256 slashed) =
            Settlement.apply_(t, standings, outcome, Settlement.reward(h), h.slashBps());
        uint256 pool = h.poolGwei();
        unchecked {
            pool -= paid; // at most the reward
        }
        if (slashed > 0) pool += slashed - Money.payBounty(creditGwei, h, slashed);
        h = h.withPool(pool);
        if (outcome == Outcome.ACCEPTED) h = h.withAccepted(block.timestamp);
        emit RoundSettled(task, h.round(), outcome, pool, candidate);
        Rounds.end(t, task, h);
    }
}
