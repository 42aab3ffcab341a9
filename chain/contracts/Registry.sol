// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Halts} from "./Halts.sol";
import {IAlliance} from "./IAlliance.sol";
import {Members} from "./Members.sol";
import {Messages} from "./Messages.sol";
import {Money} from "./Money.sol";
import {Nibbles} from "./Nibbles.sol";
import {Phases} from "./Phases.sol";
import {Roster} from "./Roster.sol";
import {Ballot, Header, Headers, Task, Terms, Voting} from "./Task.sol";
import {Vrf} from "./Vrf.sol";

/// @title Creating tasks, funding, joining and leaving them, what they pay out in the end, and what is known of them
/// @notice Deployed by itself and linked into the Alliance, which has no room for it; it works on the Alliance's
/// storage. Functions do what IAlliance says of those that call them.
library Registry {
    using Members for Task;
    using Messages for Messages.Frame;
    using Nibbles for uint256[];
    using Phases for Task;

    /// @notice Members and queued ones of a task at most: bounds every loop over them.
    uint256 internal constant MAX_MEMBERS = 1024;
    /// @notice Joins and leaves that take effect at one opening at most.
    uint256 internal constant MAX_ADMISSIONS = 16;
    /// @notice Rounds that a join or leave waits: who joins knows no seed that it can be drawn by.
    uint256 internal constant WAITS_ROUNDS = 2;

    /// @notice Seconds that each of a task's times can be at most: what a creator can make members wait.
    uint256 internal constant MAX_TIMEOUT_S = 30 days;

    uint256 private constant BPS = 10_000;

    /// @notice Write a new task; not in a pause.
    function create(Task storage t, uint256 task, IAlliance.TaskParams calldata p, uint256 poolGwei) external {
        Halts.requireRunning();
        _requireParams(p);
        Header h = Headers.fromParams(p).withPool(poolGwei);
        t.header = h.withPhase(IAlliance.Phase.REGISTRATION, block.timestamp);
        t.seed = keccak256(abi.encode(bytes32("task"), address(this), block.chainid, task));
        t.terms = Terms(p.minStakeGwei, 0, p.registrationS, p.leaderS, p.proposeS, 0, 0);
        t.voting = Voting(p.relayer, p.commitS, p.revealS, p.evidenceS);
        (t.creator, t.slashGwei, t.quorum, t.graceS) = (msg.sender, p.slashGwei, p.quorum, p.graceS);
        (t.codeDigest, t.configDigest, t.initialModel) = (p.codeDigest, p.configDigest, p.initialModel);
    }

    /// @notice Take `amountWei` of the caller's, which may be a contract, into the pool; not in a pause.
    function fund(Task storage t, uint256 task, address fml, uint256 amountWei) external {
        Halts.requireRunning();
        Header h = t.unfinished(task);
        h = h.withPool(h.poolGwei() + Money.gwei_(amountWei));
        t.header = h;
        emit IAlliance.TaskFunded(task, msg.sender, amountWei, h.poolGwei() * Money.WEI_PER_GWEI);
        Money.pull(fml, amountWei);
    }

    /// @notice Register `node` with its key and a stake that is about to come in, or queue it; not in a pause.
    /// @return fromRound When it takes effect; 0: now.
    function register(
        Task storage t,
        uint256 task,
        address node,
        uint256 vrfX,
        Vrf.Proof calldata possession,
        uint256 amountGwei
    ) external returns (uint256 fromRound) {
        Halts.requireRunning();
        Header h = t.running(task);
        uint256 taken = h.members() + t.terms.queueTail - t.terms.queueHead;
        if (taken >= MAX_MEMBERS) revert IAlliance.TaskFull(task, taken);
        if (amountGwei < t.terms.minStakeGwei) revert IAlliance.StakeTooLow(amountGwei, t.terms.minStakeGwei);
        if (amountGwei > Members.MAX_BALANCE_GWEI) {
            revert IAlliance.StakeTooHigh(amountGwei, Members.MAX_BALANCE_GWEI);
        }
        if (t.vrfX[node] != 0) revert IAlliance.AlreadyRegistered(task, node);
        if (t.keyTaken[vrfX]) revert IAlliance.KeyTaken(task, vrfX);
        t.vrfX[node] = vrfX;
        t.keyTaken[vrfX] = true;
        bytes32 beta = Vrf.verify(vrfX, Vrf.alpha(0, task, 0, node, 0), possession);
        if (h.phase() != IAlliance.Phase.REGISTRATION) {
            t.terms.queuedGwei += uint64(amountGwei);
            return _enqueue(t, h, node, amountGwei, 0);
        }
        t.seed = keccak256(abi.encode(t.seed, beta));
        t.header = _add(t, h, node, amountGwei);
    }

    /// @notice Let a member go: at once during registration, when the last member takes its index, else queued.
    function depart(
        Task storage t,
        uint256 task,
        uint256 member,
        address node,
        mapping(address => uint256) storage credits
    ) external {
        Header h = t.running(task);
        if (member >= h.members() || t.nodes[member] != node) revert IAlliance.NotMember(task, member, node);
        if (h.phase() != IAlliance.Phase.REGISTRATION) {
            uint256 bit = 1 << (member & 255);
            if (t.leaving[member >> 8] & bit != 0) revert IAlliance.AlreadyLeaving(task, member);
            t.leaving[member >> 8] |= bit;
            emit IAlliance.LeaveQueued(task, node, _enqueue(t, h, node, 0, member));
            return;
        }
        uint256 last = h.members() - 1;
        credits[node] += t.balance(member);
        t.setBalance(member, t.balance(last));
        t.setBalance(last, 0);
        t.nodes[member] = t.nodes[last];
        delete t.nodes[last];
        t.header = h.withMembers(last);
        emit IAlliance.LeaveQueued(task, node, 0);
    }

    /// @notice Close registration.
    function start(Task storage t, uint256 task) external {
        Header h = t.within(task, IAlliance.Phase.REGISTRATION);
        uint256 count = h.members();
        if (count < h.committee()) revert IAlliance.TooFewMembers(task, count, h.committee());
        if (msg.sender != t.creator && msg.sender != t.voting.relayer) {
            Phases.requireFrom(task, h.phaseAt() + t.terms.registrationS);
        }
        t.header = h.withPhase(IAlliance.Phase.IDLE, block.timestamp).withRound(1);
        Roster.write(task, t.nodes, 0, count);
        emit IAlliance.TaskStarted(task, count, t.seed);
    }

    /// @notice Work off the joins and leaves that are due in the header's round.
    /// @return The header after.
    function advance(Task storage t, uint256 task, Header h, mapping(address => uint256) storage credits)
        external
        returns (Header)
    {
        uint256 head = t.terms.queueHead;
        uint256 end = t.terms.queueTail;
        if (end > head + MAX_ADMISSIONS) end = head + MAX_ADMISSIONS;
        uint256 before = h.members();
        uint256 next = head;
        for (; next < end; ++next) {
            IAlliance.Queued memory queued = t.queue[next];
            if (queued.fromRound > h.round()) break;
            delete t.queue[next];
            if (queued.amountGwei > 0) {
                t.terms.queuedGwei -= queued.amountGwei;
                h = _add(t, h, queued.node, queued.amountGwei);
            } else {
                (uint256 own, uint256 forfeited) = t.dismiss(queued.member);
                credits[queued.node] += own;
                h = h.withPool(h.poolGwei() + forfeited);
            }
        }
        if (next == head) return h;
        t.terms.queueHead = uint16(next);
        if (h.members() > before) Roster.write(task, t.nodes, before, h.members());
        emit IAlliance.QueueAdvanced(task, h.round(), next, h.members());
        return h;
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

    /// @return signer Who signed that it leaves; somebody.
    function leaver(bytes32 domain, uint256 task, uint256 member, IAlliance.Signature calldata signature)
        external
        pure
        returns (address signer)
    {
        signer = Messages.frame(domain, Messages.LEAVE, task, 0).recover(2, signature.r, signature.vs);
        if (signer == address(0)) revert IAlliance.BadSignature(member);
    }

    /// @return p What the creator fixed.
    function params(Task storage t, uint256 task) external view returns (IAlliance.TaskParams memory p) {
        Header h = t.known(task);
        (Terms memory terms, Voting memory v) = (t.terms, t.voting);
        (p.codeDigest, p.configDigest, p.initialModel) = (t.codeDigest, t.configDigest, t.initialModel);
        (p.relayer, p.commitS, p.revealS, p.evidenceS) = (v.relayer, v.commitS, v.revealS, v.evidenceS);
        (p.registrationS, p.leaderS, p.proposeS) = (terms.registrationS, terms.leaderS, terms.proposeS);
        (p.rounds, p.proposers, p.voters) = (uint32(h.rounds()), uint16(h.proposers()), uint16(h.voters()));
        (p.slashBps, p.slashGwei, p.absenceBps) = (uint16(h.slashBps()), t.slashGwei, uint16(h.absenceBps()));
        (p.bountyBps, p.toleranceBps) = (uint16(h.bountyBps()), uint16(h.toleranceBps()));
        (p.minStakeGwei, p.quorum, p.graceS) = (terms.minStakeGwei, t.quorum, t.graceS);
    }

    /// @return s The task as it stands.
    function state(Task storage t, uint256 task) external view returns (IAlliance.TaskState memory s) {
        Header h = t.known(task);
        Ballot ballot = t.ballot;
        s.phase = t.phase(h);
        (s.round, s.phaseAt, s.members) = (uint32(h.round()), uint64(h.phaseAt()), uint16(h.members()));
        (s.poolGwei, s.queuedGwei) = (uint64(h.poolGwei()), t.terms.queuedGwei);
        (s.seed, s.creator, s.acceptedAt) = (t.seed, t.creator, uint64(h.acceptedAt()));
        if (s.phase == IAlliance.Phase.COMMITTING) s.phaseAt = uint64(ballot.deadline());
        if (s.phase == IAlliance.Phase.REVEALING) {
            (s.phaseAt, s.ballot, s.complete) = (uint64(t.omittedUntil()), ballot.digest(), ballot.complete());
        }
    }

    /// @return all Every member, by index.
    function members(Task storage t, uint256 task) external view returns (IAlliance.Member[] memory all) {
        all = new IAlliance.Member[](t.known(task).members());
        uint256[] memory standings = Nibbles.load(t.standings, all.length);
        uint256[] memory seats = Nibbles.load(t.seats, all.length);
        for (uint256 i = 0; i < all.length; ++i) {
            IAlliance.Member memory m = all[i];
            m.node = t.nodes[i];
            m.vrfX = t.vrfX[m.node];
            m.balanceGwei = uint64(t.balance(i));
            m.seats = uint8(seats.get(i));
            m.standing = IAlliance.Standing(standings.get(i));
            m.leaving = t.leaving[i >> 8] & (1 << (i & 255)) != 0;
        }
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

    /// @return head Position of the first that waits.
    /// @return waiting All that wait.
    function queue(Task storage t, uint256 task)
        external
        view
        returns (uint256 head, IAlliance.Queued[] memory waiting)
    {
        t.known(task);
        head = t.terms.queueHead;
        waiting = new IAlliance.Queued[](t.terms.queueTail - head);
        for (uint256 i = 0; i < waiting.length; ++i) {
            waiting[i] = t.queue[head + i];
        }
    }

    function _runs(Header h) private pure returns (bool) {
        return h.phase() != IAlliance.Phase.REGISTRATION && h.phase() != IAlliance.Phase.FINISHED;
    }

    function _add(Task storage t, Header h, address node, uint256 amountGwei) private returns (Header) {
        uint256 member = h.members();
        t.nodes[member] = node;
        t.setBalance(member, amountGwei);
        return h.withMembers(member + 1);
    }

    /// @dev Joins are bounded by MAX_MEMBERS and a member leaves once, so positions fit.
    function _enqueue(Task storage t, Header h, address node, uint256 amountGwei, uint256 member)
        private
        returns (uint256 fromRound)
    {
        fromRound = h.round() + WAITS_ROUNDS;
        if (fromRound > type(uint16).max) fromRound = type(uint16).max; // never comes: the task ends before
        t.queue[t.terms.queueTail] = IAlliance.Queued(node, uint64(amountGwei), uint16(fromRound), uint16(member));
        ++t.terms.queueTail;
    }

    function _requireParams(IAlliance.TaskParams calldata p) private pure {
        if (p.relayer == address(0)) revert IAlliance.BadParameter("relayer", 0);
        _requireRange("rounds", p.rounds, 1, type(uint16).max);
        _requireRange("proposers", p.proposers, 1, type(uint16).max);
        _requireRange("proposers + voters", uint256(p.proposers) + p.voters, 1, MAX_MEMBERS);
        _requireRange("slashBps", p.slashBps, 0, BPS);
        _requireRange("slashGwei", p.slashGwei, 0, Members.MAX_BALANCE_GWEI);
        _requireRange("absenceBps", p.absenceBps, 0, BPS);
        _requireRange("bountyBps", p.bountyBps, 0, BPS);
        _requireRange("toleranceBps", p.toleranceBps, 0, BPS);
        _requireRange("minStakeGwei", p.minStakeGwei, 1, Members.MAX_BALANCE_GWEI);
        _requireRange("registrationS", p.registrationS, 1, MAX_TIMEOUT_S);
        _requireRange("leaderS", p.leaderS, 1, MAX_TIMEOUT_S);
        _requireRange("proposeS", p.proposeS, 1, MAX_TIMEOUT_S);
        _requireRange("commitS", p.commitS, 1, MAX_TIMEOUT_S);
        _requireRange("revealS", p.revealS, 1, MAX_TIMEOUT_S);
        _requireRange("evidenceS", p.evidenceS, 1, MAX_TIMEOUT_S);
        _requireRange("quorum", p.quorum, 1, p.proposers);
    }

    function _requireRange(string memory name, uint256 given, uint256 least, uint256 most) private pure {
        if (given < least || given > most) revert IAlliance.BadParameter(name, given);
    }
}
