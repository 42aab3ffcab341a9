// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Batches} from "./Batches.sol";
import {Draw} from "./Draw.sol";
import {IAlliance} from "./IAlliance.sol";
import {ICandidateAlliance} from "./ICandidateAlliance.sol";
import {Judgement, Panel} from "./Judgement.sol";
import {Members} from "./Members.sol";
import {Menu, Menus} from "./Menus.sol";
import {Money} from "./Money.sol";
import {Nibbles} from "./Nibbles.sol";
import {Payroll, Proposers} from "./Payroll.sol";
import {Phases} from "./Phases.sol";
import {Quality} from "./Quality.sol";
import {Records} from "./Records.sol";
import {Rounds} from "./Rounds.sol";
import {Reading, Scores} from "./Scores.sol";
import {Settlement} from "./Settlement.sol";
import {Ballot, Header, Task} from "./Task.sol";

/// @notice What candidate voting knows of a task beyond Task.
struct CandidateTask {
    ICandidateAlliance.CandidateTerms terms; // one slot
    uint256 prior; // see Quality
    mapping(uint256 roundAndMember => bytes) votes; // scores and contributions revealed before the settlement
}

/// @title Candidate voting
/// @notice Deployed by itself and linked into the CandidateAlliance, on whose storage it works. Functions do what
/// ICandidateAlliance says of those of the same name.
library Candidates {
    using Members for Task;
    using Menus for Menu;
    using Nibbles for uint256[];
    using Phases for Task;

    /// @notice Proposers of a round at most, and voters: bounds every loop over them.
    uint256 internal constant MAX_COMMITTEE = 64;

    uint256 private constant BPS = 10_000;
    uint256 private constant WORD_BYTES = 32;
    uint256 private constant POINTS_BYTES = 2; // of one contribution
    uint256 private constant REVEALED = uint256(IAlliance.Standing.VOTED_YES);
    uint256 private constant LATE_REVEALED = uint256(IAlliance.Standing.LATE_YES);

    /// @notice Check and keep what the rule adds to a new task's parameters.
    function create(
        CandidateTask storage c,
        IAlliance.TaskParams calldata p,
        ICandidateAlliance.CandidateTerms calldata terms
    ) external {
        Phases.requireDirect();
        _requireRange("proposers", p.proposers, 1, MAX_COMMITTEE);
        _requireRange("voters", p.voters, 1, MAX_COMMITTEE);
        _requireRange("overrideBps", terms.overrideBps, 0, BPS);
        _requireRange("convictBps", terms.convictBps, 0, BPS);
        _requireRange("suspectAt", terms.suspectAt, 1, Menus.MARK);
        _requireRange("offset", terms.offset, 0, Menus.MARK);
        _requireRange("escrowBps", terms.escrowBps, 0, BPS);
        c.terms = terms;
    }

    /// @notice Record votes and keep what they say.
    function revealVotes(
        Task storage t,
        CandidateTask storage c,
        uint256 task,
        bytes32 domain,
        bytes calldata menu,
        bytes calldata votes
    ) external {
        Header h = t.within(task, IAlliance.Phase.REVEALING);
        (, uint256[] memory standings, Reading memory r) = _read(t, c, task, h, domain, menu, votes);
        for (uint256 member = 0; member < r.votes.length; ++member) {
            if (r.votes[member] == 0) continue;
            bytes memory vote = new bytes(r.size);
            uint256 from = r.votes[member];
            assembly ("memory-safe") {
                mcopy(add(vote, 0x20), from, mload(vote))
            }
            c.votes[Batches.ownKey(h.round(), member)] = vote;
        }
        Nibbles.store(t.standings, standings);
    }

    /// @notice Settle the round.
    function settle(
        Task storage t,
        CandidateTask storage c,
        mapping(address => uint256) storage credits,
        uint256 task,
        bytes32 domain,
        bytes calldata menu,
        bytes calldata votes
    ) external {
        Phases.requireDirect();
        Header h = t.known(task);
        Ballot ballot = t.ballot;
        if (h.phase() != IAlliance.Phase.PROPOSING || ballot.round() != h.round() || ballot.awaited()) {
            revert IAlliance.WrongPhase(task, t.phase(h));
        }
        (Menu memory m, uint256[] memory standings, Reading memory r) = _read(t, c, task, h, domain, menu, votes);
        (uint256 revealed,, uint256 late) = Settlement.tally(standings);
        if (revealed < h.voters() || late != 0) Settlement.requireDue(t, task, standings, r.listed && r.open == 0);
        Panel memory panel = _panel(t, c, h.round(), standings, r.votes, revealed, true);
        bool isVoid = Settlement.outcome(revealed, 0, h.voters()) == IAlliance.Outcome.VOID || panel.weight == 0;
        (uint256 paid, uint256 slashed) = (0, Payroll.slashSilent(t, h.slashBps(), standings));
        uint256 winner = Menus.OLD;
        if (!isVoid) {
            uint256 timely = standings.countEqual(REVEALED);
            Panel memory heard = late == 0 ? panel : _panel(t, c, h.round(), standings, r.votes, timely, false);
            uint256 caught;
            (winner, paid, caught) = _judge(t, c, task, h, m, panel, heard, standings);
            slashed += caught;
        }
        uint256 pool = h.poolGwei() - paid;
        if (slashed > 0) pool += slashed - Money.payBounty(credits, h, slashed);
        IAlliance.Outcome outcome = _outcome(isVoid, winner);
        h = h.withPool(pool);
        if (outcome == IAlliance.Outcome.ACCEPTED) h = h.withAccepted(block.timestamp);
        emit IAlliance.RoundSettled(task, h.round(), outcome, pool, m.digest(winner));
        Rounds.end(t, task, h);
    }

    /// @return all The record of every member, by index.
    function records(Task storage t, uint256 task) external view returns (ICandidateAlliance.Record[] memory all) {
        all = new ICandidateAlliance.Record[](t.known(task).members());
        for (uint256 i = 0; i < all.length; ++i) all[i] = Records.get(t, i);
    }

    /// @notice What the last round that was not void makes anybody expect.
    function prior(Task storage t, CandidateTask storage c, uint256 task)
        external
        view
        returns (uint256 candidates, int256[] memory improvements)
    {
        t.known(task);
        return Quality.unpack(c.prior);
    }

    function _read(
        Task storage t,
        CandidateTask storage c,
        uint256 task,
        Header h,
        bytes32 domain,
        bytes calldata menu,
        bytes calldata votes
    ) private view returns (Menu memory m, uint256[] memory standings, Reading memory r) {
        if (!t.ballot.complete()) Phases.requireFrom(task, t.omittedUntil());
        standings = Nibbles.load(t.standings, h.members());
        m = Menus.parse(menu, standings.countEqual(uint256(IAlliance.Standing.PROPOSED)));
        bool paid = c.terms.reward == ICandidateAlliance.Reward.CONTRIBUTION;
        uint256 size = WORD_BYTES + (paid ? POINTS_BYTES * m.proposals : 0);
        r = Scores.read(t, task, h, domain, m, standings, size, votes);
    }

    /// @dev Those who have revealed, with what was read now or is kept.
    /// @param count How many they are.
    /// @param lateToo Whether those who were late are among them.
    function _panel(
        Task storage t,
        CandidateTask storage c,
        uint256 round,
        uint256[] memory standings,
        uint256[] memory read,
        uint256 count,
        bool lateToo
    ) private view returns (Panel memory p) {
        p.members = new uint256[](count);
        p.scores = new uint256[](count);
        p.balances = new uint256[](count);
        p.weights = new uint256[](count);
        p.votes = new uint256[](count);
        p.agreements = new int256[](count);
        uint256 most = Draw.MAX_SEATS * t.terms.minStakeGwei;
        uint256 i = 0;
        for (uint256 member = 0; i < count; ++member) {
            uint256 standing = standings.get(member);
            if (standing != REVEALED && (!lateToo || standing != LATE_REVEALED)) continue;
            p.members[i] = member;
            uint256 held = t.balance(member);
            (p.balances[i], p.weights[i]) = (held, held < most ? held : most);
            p.balance += held;
            p.weight += p.weights[i];
            p.agreements[i] = Records.get(t, member).agreement;
            p.votes[i] = read[member] != 0 ? read[member] : _kept(c.votes[Batches.ownKey(round, member)]);
            p.scores[i] = _word(p.votes[i]);
            ++i;
        }
    }

    function _kept(bytes memory vote) private pure returns (uint256 pos) {
        assembly ("memory-safe") {
            pos := add(vote, 0x20)
        }
    }

    function _word(uint256 pos) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(pos)
        }
    }

    /// @dev Decide, convict, pay and slash in a round that is not void.
    /// @param panel Who decides.
    /// @param heard Those of them whose votes move money: who was late could see the others' before it chose.
    function _judge(
        Task storage t,
        CandidateTask storage c,
        uint256 task,
        Header h,
        Menu memory m,
        Panel memory panel,
        Panel memory heard,
        uint256[] memory standings
    ) private returns (uint256 winner, uint256 paid, uint256 slashed) {
        ICandidateAlliance.CandidateTerms memory terms = c.terms;
        int256[] memory medians = Judgement.medians(panel, m.candidates);
        Proposers memory p = Payroll.proposers(t, standings, m.proposals);
        uint256 best;
        uint256 backing;
        (winner, best, backing) = Judgement.decide(panel, medians, m.candidates, terms.overrideBps);
        (uint256 base, uint256 question) = m.asks(winner);
        uint256 against = Judgement.better(panel, base, question);
        p.isConvicted = base != question && against * BPS >= uint256(terms.convictBps) * panel.weight;
        uint256[] memory q = Quality.qualities(heard, medians, m.candidates, c.prior);
        c.prior = Quality.nextPrior(medians, m.candidates);
        (uint256 toProposers, uint256 toVoters) = Payroll.parts(Settlement.reward(h), p, heard);
        paid = Payroll.payVoters(t, heard, q, toVoters) + Payroll.payProposers(t, terms, m, winner, heard, p, toProposers);
        slashed = Payroll.slashProposers(t, h.slashBps(), p);
        emit ICandidateAlliance.RoundJudged(
            task, h.round(), winner, best, backing, against, panel.weight, p.convicted, p.slashed
        );
    }

    function _outcome(bool isVoid, uint256 winner) private pure returns (IAlliance.Outcome) {
        if (isVoid) return IAlliance.Outcome.VOID;
        return winner == Menus.OLD ? IAlliance.Outcome.REJECTED : IAlliance.Outcome.ACCEPTED;
    }

    function _requireRange(string memory name, uint256 given, uint256 least, uint256 most) private pure {
        if (given < least || given > most) revert IAlliance.BadParameter(name, given);
    }
}
