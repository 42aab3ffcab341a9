// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Vrf} from "./Vrf.sol";

/// @title The FL Alliance: federated tasks that a chain draws, judges and pays
/// @notice Members stake FML in a task. Each round a leader's VRF proof draws proposers, who sign their updates; when
/// the proposals are closed a second proof draws voters among the others, who commit to and then reveal their scores
/// of what the relayer puts to them. How scores become a model, pay and slashes is the rule's: see IMajorityAlliance
/// and ICandidateAlliance, which add to this interface how a task is created, revealed and settled under them.
///
/// A *motion* is the digest of what voters judge: what their commitments, votes and the relayer's list name.
///
/// Nodes sign EIP-712 messages; anybody may carry them here (the relayer does so in batches), every signature is
/// verified, and nobody can forge, alter or count one twice. What the relayer omits, anybody may submit.
///
/// Everything that happens here can be read from the calldata of transactions to this contract: what changes anything
/// is refused to callers that are contracts (NotDirect). Only `fund` is not: TaskFunded says all that it does.
///
/// Amounts are whole gwei of FML (1e9 wei) inside a task; parameters and events named `...Wei` are wei and must be
/// whole gwei. Divisions round down and what is left over stays in the pool.
interface IAlliance {
    /// @notice Where a task stands.
    enum Phase {
        NONE, // no such task
        REGISTRATION, // members join and leave at once
        IDLE, // between rounds: waits for the proposers' leader
        PROPOSING, // proposers are drawn; their proposals are collected until the deadline
        LOCKED, // every proposer has proposed, or the deadline has passed: waits for the voters' leader
        COMMITTING, // voters are drawn: waits for the relayer's list of commitments
        REVEALING, // the list is fixed: omitted commitments, reveals, evidence, settlement
        FINISHED // no more rounds: everybody withdraws
    }

    /// @notice What a member is in the running round, and what it has done. Four bits each, whose values Settlement
    /// and FastBatches know.
    enum Standing {
        NONE, // not drawn
        SILENT_PROPOSER, // drawn to propose, has not
        PROPOSED, // its signed proposal is here
        SILENT_VOTER, // drawn to vote, no vote revealed
        VOTED_YES, // its revealed scores accept the candidate; where the rule knows no yes and no: has revealed
        VOTED_NO, // its revealed scores reject the candidate
        WITHHELD, // its signed commitment is in the list and is not revealed; it may still answer
        COMMITTED, // committed by itself before reveals opened; not revealed
        LATE, // committed by itself after reveals had opened; not revealed
        LATE_YES, // as VOTED_YES, from LATE: counts, neither earns nor loses
        LATE_NO // as VOTED_NO, from LATE: counts, neither earns nor loses
    }

    /// @notice How a round ended.
    enum Outcome {
        NONE, // not settled
        ACCEPTED, // the candidate, or the winning one, is the new model
        REJECTED, // the model stays
        VOID // too few acted: the model stays and nobody is paid
    }

    /// @notice What a node can say twice in a round, to its ruin.
    enum Statement {
        PROPOSAL,
        COMMITMENT,
        VOTE
    }

    /// @notice What a task's creator fixes for good.
    struct TaskParams {
        bytes32 codeDigest; // sha256 of the code bundle that nodes run
        bytes32 configDigest; // sha256 of the resolved configuration
        bytes32 initialModel; // sha256 of the model before round 1
        address relayer; // who names the motion and posts the list of commitments
        uint32 rounds; // rounds of the task, void ones included, 1..65,535
        uint16 proposers; // drawn a round, at least 1
        uint16 voters; // drawn a round; 0, under the majority rule: what the relayer settles is accepted
        uint16 slashBps; // share of its balance that a loser loses, of 10,000
        uint64 slashGwei; // what it loses on top of that, as far as its balance goes
        uint16 absenceBps; // share of its balance that an absent leader loses, of 10,000
        uint16 bountyBps; // share of a slash that goes to whoever triggers it, of 10,000
        uint16 toleranceBps; // majority rule: how far the new score may fall below the old one in a yes, of 10,000
        uint64 minStakeGwei; // one seat; a member with less is out of the draws
        // Times are 1 second to MAX_TIMEOUT_S each.
        uint32 registrationS; // seconds after which anybody may start or cancel the task
        uint32 leaderS; // seconds that each leader in line has
        uint32 proposeS; // seconds for proposals
        uint32 commitS; // seconds for the relayer's list, and as many more for those it omits
        uint32 revealS; // seconds for reveals after that, and again for answers to evidence
        uint32 evidenceS; // seconds for evidence after the reveals
        // So that one who is gone does not cost a whole window:
        uint16 quorum; // proposals from which on who has yet to propose has graceS more at most, 1..proposers
        uint16 graceS; // seconds; voters too have no more when a list that omits some is posted; 0: the windows hold
    }

    /// @notice A task as it stands.
    struct TaskState {
        Phase phase; // as of this block's time
        uint32 round; // the running round; while IDLE the one to open next; from 1
        uint64 phaseAt; // seconds: REGISTRATION, IDLE: since when; PROPOSING, LOCKED: end of proposals; COMMITTING:
        // end of the relayer's time; REVEALING: end of omitted commitments, from which the other deadlines count
        uint16 members; // ever admitted; indexes are 0..members-1 and never reused after the start
        uint64 poolGwei; // what the rounds left will pay
        uint64 queuedGwei; // stakes that wait to be admitted
        bytes32 seed; // the last seed: what the next leader proves over
        bytes24 ballot; // first 24 bytes of keccak256(motion, listHash) while REVEALING
        bool complete; // whether that list was said to hold every drawn voter
        address creator; // who gets the pool back
        uint64 acceptedAt; // second at which a round was settled as ACCEPTED last; 0: none was
    }

    /// @notice A member as it stands.
    struct Member {
        address node; // who signs, and who is paid
        uint256 vrfX; // x of its VRF key
        uint64 balanceGwei; // its stake with what it earned and lost
        uint8 seats; // in the running round, 0..15
        Standing standing; // in the running round
        bool leaving; // queued to leave
    }

    /// @notice A registration or departure that waits for its round.
    struct Queued {
        address node; // who joins or leaves
        uint64 amountGwei; // stake of who joins; 0: the member leaves
        uint16 fromRound; // takes effect when this round or a later one opens
        uint16 member; // index of who leaves
    }

    /// @notice A signature after EIP-2098.
    struct Signature {
        bytes32 r; // r
        bytes32 vs; // s, its top bit the parity
    }

    /// @notice Two statements of one member on one matter.
    struct Equivocation {
        uint32 round; // the round of both
        uint16 member; // who made them
        Statement kind; // what they are
        bytes32 motion; // the motion of both; ignored for proposals
        bytes32 first; // update, commitment, or vote: scoreOld << 32 | scoreNew, or the content of Scores
        bytes32 second; // another one
        Signature firstSignature; // the member's, of the first
        Signature secondSignature; // the member's, of the second
    }

    /// @notice A task was created.
    event TaskCreated(uint256 indexed task, address indexed creator, uint256 poolWei);
    /// @notice `funder` added to a task's pool.
    event TaskFunded(uint256 indexed task, address indexed funder, uint256 amountWei, uint256 poolWei);
    /// @notice `node` put up its stake; it is a member now (`fromRound` 0) or from that round on.
    event Registered(uint256 indexed task, address indexed node, uint256 vrfX, uint256 amountWei, uint256 fromRound);
    /// @notice `node` left (`fromRound` 0), or will when that round or a later one opens.
    event LeaveQueued(uint256 indexed task, address indexed node, uint256 fromRound);
    /// @notice The queue of joins and leaves was worked off up to, not including, `queueHead`.
    event QueueAdvanced(uint256 indexed task, uint256 round, uint256 queueHead, uint256 members);
    /// @notice Registration closed with `members` members.
    event TaskStarted(uint256 indexed task, uint256 members, bytes32 seed);
    /// @notice Proposers were drawn by `leader`, who was `rank` ranks down the line.
    event RoundOpened(uint256 indexed task, uint256 round, uint256 leader, uint256 rank, bytes32 seed);
    /// @notice Voters were drawn by `leader`, who was `rank` ranks down the line.
    event VotersDrawn(uint256 indexed task, uint256 round, uint256 leader, uint256 rank, bytes32 seed);
    /// @notice Leaders let their time pass and lost `lostGwei` in all to the pool.
    event LeadersAbsent(uint256 indexed task, uint256 round, uint256[] leaders, uint256 lostGwei);
    /// @notice The relayer fixed motion and list of commitments.
    event VotesCommitted(uint256 indexed task, bytes24 ballot, bool complete);
    /// @notice A voter that the list omits committed by itself.
    event VoteCommitted(uint256 indexed task, uint256 round, uint256 member, bytes32 commitment, Standing standing);
    /// @notice Voters were proven to have committed without revealing.
    event VotesWithheld(uint256 indexed task, uint256 round, uint256[] members);
    /// @notice A round was settled, the pool is now `poolGwei`, and `model` is the current model if ACCEPTED, else what
    /// the rule says. Who won and lost how much follows from the votes and the balances.
    event RoundSettled(uint256 indexed task, uint256 round, Outcome outcome, uint256 poolGwei, bytes32 model);
    /// @notice A round ended in `phase` because nobody acted in time; the next leader follows from `seed`.
    event RoundSkipped(uint256 indexed task, uint256 round, Phase phase, bytes32 seed);
    /// @notice A member said two things in one round and lost everything.
    event EquivocationSlashed(uint256 indexed task, uint256 round, uint256 member, Statement kind, uint256 slashedGwei);
    /// @notice No more rounds: everybody can withdraw.
    event TaskFinished(uint256 indexed task, uint256 round, uint256 poolGwei);
    /// @notice FML left the contract.
    event Withdrawn(address indexed account, uint256 amountWei);

    /// @notice No task of this number.
    error UnknownTask(uint256 task);
    /// @notice The caller is a contract.
    error NotDirect();
    /// @notice The task is not in a phase in which this can be done.
    error WrongPhase(uint256 task, Phase phase);
    /// @notice Possible only from second `from` on.
    error TooEarly(uint256 task, uint256 nowAt, uint256 from);
    /// @notice Was possible only before second `until`.
    error TooLate(uint256 task, uint256 nowAt, uint256 until);
    /// @notice A parameter of the task is out of its range.
    error BadParameter(string name, uint256 given);
    /// @notice An amount is not a whole number of gwei.
    error NotWholeGwei(uint256 amountWei);
    /// @notice A stake is below the task's minimum.
    error StakeTooLow(uint256 amountGwei, uint256 minStakeGwei);
    /// @notice A stake is above what a balance can be.
    error StakeTooHigh(uint256 amountGwei, uint256 maxBalanceGwei);
    /// @notice The task has as many members and queued ones as it can hold.
    error TaskFull(uint256 task, uint256 members);
    /// @notice This node is or was registered in the task.
    error AlreadyRegistered(uint256 task, address node);
    /// @notice This VRF key is another member's.
    error KeyTaken(uint256 task, uint256 vrfX);
    /// @notice The caller, or the signer, is not this member.
    error NotMember(uint256 task, uint256 member, address account);
    /// @notice The member is leaving already.
    error AlreadyLeaving(uint256 task, uint256 member);
    /// @notice Only `needed` may do this.
    error NotAllowed(address caller, address needed);
    /// @notice Fewer members hold a seat than a round draws.
    error TooFewMembers(uint256 task, uint256 able, uint256 needed);
    /// @notice Enough members hold a seat: the task goes on.
    error EnoughMembers(uint256 task, uint256 able, uint256 needed);
    /// @notice A packed batch does not divide into records, or names a member that does not exist.
    error BadBatch(uint256 length);
    /// @notice The member was not drawn for this, or has done it.
    error WrongStanding(uint256 member, Standing standing);
    /// @notice The signature is not this member's over this message.
    error BadSignature(uint256 member);
    /// @notice A score is above 1,000,000.
    error BadScore(uint256 member, uint256 score);
    /// @notice A revealed vote is not the one its member had committed to.
    error NotCommitted(uint256 member);
    /// @notice Motion and list are not the ones that the relayer fixed.
    error WrongBallot(uint256 task, bytes24 given, bytes24 needed);
    /// @notice The two statements are the same.
    error SameStatement(uint256 member);
    /// @notice Nothing is left to slash, pay or admit.
    error NothingThere();

    // --- A task's life ------------------------------------------------------------------------------------------

    /// @notice Add `amountWei` (allowance needed) to the pool of a task that is not finished; anybody, contracts too: so the
    /// emission reaches a task.
    function fund(uint256 task, uint256 amountWei) external;

    /// @notice Join with a stake of `amountWei` (allowance needed) and a VRF key proven over tag 0, round 0, seed 0.
    /// During registration membership is immediate; later it begins when the second round after this one opens, so
    /// that nobody registers against a known seed.
    function register(uint256 task, uint256 vrfX, Vrf.Proof calldata possession, uint256 amountWei) external;

    /// @notice The same for `node`, whom anybody may register with its ERC-3009 `ReceiveWithAuthorization` to this
    /// contract, whose nonce is keccak256(abi.encode(task, vrfX, salt)): one signature binds stake, task and key.
    function registerWithAuthorization(
        uint256 task,
        address node,
        uint256 vrfX,
        Vrf.Proof calldata possession,
        uint256 amountWei,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        Signature calldata signature
    ) external;

    /// @notice Leave with the whole balance: at once during registration, else when the second round after this one
    /// opens. The balance becomes credit, for `withdrawCredit`, and so does what is in escrow, unless there is evidence
    /// against the member: then that goes to the pool. Only the member.
    function leaveTask(uint256 task, uint16 member) external;

    /// @notice The same with the member's signed `Leave(uint256 task)`; anybody.
    function leaveTaskWithSignature(uint256 task, uint16 member, Signature calldata signature) external;

    /// @dev Known limit: who registers last can choose its VRF key so that the first seed suits it, and with it who
    /// leads the first draws. Later seeds are outputs of the leaders that the seeds before them drew.
    /// @notice Close registration. Needs as many members as a round draws. The creator and the relayer at any time,
    /// everybody else from `registrationS` after the creation on.
    function start(uint256 task) external;

    /// @notice End a task that has too few members when `registrationS` have passed; anybody.
    function cancel(uint256 task) external;

    // --- A round ------------------------------------------------------------------------------------------------

    /// @notice Open the round that is next and draw its proposers, or finish the task if too few members are left for
    /// it; anybody, with the proof of the leader whose turn it is: rank (now - phaseAt) / leaderS of the line that the
    /// seed defines over the seats held when this is called.
    /// @dev Order: leader, penalties of the absent leaders before it, joins and leaves that are due, seats, draw.
    /// @param proof The leader's, over tag 1, this round and the last seed.
    function openRound(uint256 task, Vrf.Proof calldata proof) external;

    /// @notice End a task that has fewer members with a seat than a round draws, counting those due to join; anybody.
    function finish(uint256 task) external;

    /// @notice End the running round as void because whoever was to act did not in time: no leader of the 16 in line
    /// (they are penalised), no proposal, no list of commitments, or no settlement; anybody. A settlement may never come
    /// where nobody can read what the relayer fixed: it is waited for until `commitS` after the last answer to evidence.
    function skipRound(uint256 task) external;

    /// @notice Record signed proposals, before the deadline; anybody. A batch of fewer records than there are proposers
    /// that makes them `quorum` or more moves the deadline to `graceS` later, where that is earlier.
    /// @param batch Records of 98 bytes: uint16 member, bytes32 update (sha256 of its content), bytes32 r, bytes32 vs;
    /// the signature is over `Proposal(uint256 task,uint32 round,bytes32 update)`. A member's first proposal counts;
    /// records of members that have proposed are passed over, so that nobody spoils a batch by going first.
    function propose(uint256 task, bytes calldata batch) external;

    /// @notice Draw the voters among the members that are not proposers, once all have proposed, or the deadline has
    /// passed with one proposal at least; anybody, with the proof of the leader whose turn it is.
    /// @param proof The leader's, over tag 2, this round and the seed that drew the proposers. Rank 0 leads until
    /// `leaderS` after the deadline; the line runs over the seats of those who can be drawn.
    function drawVoters(uint256 task, Vrf.Proof calldata proof) external;

    /// @notice Fix the motion and the list of commitments, once; only the relayer, in `commitS`.
    ///
    /// A commitment is keccak256 of the 64 bytes of the vote's signature, which nobody else can produce: the vote is
    /// its own salt. The list itself is not posted (calldata would cost more than everything else in the round), its
    /// hash binds each voter to one commitment. The relayer hands the list to the voters; a voter reveals its vote
    /// when it has seen its own commitment in a list with this hash, so whoever reveals can also submit.
    ///
    /// Why nobody can copy a vote: votes are revealed to a list that is fixed, to which only this call adds. A voter
    /// that the relayer leaves out commits by itself (`commitVote`) until `commitS` after the relayer's time; until
    /// then nothing can be revealed, unless the relayer says that the list is complete. If that is a lie, those it
    /// shuts out may still commit and are counted, but since they could have seen others' votes they neither earn nor
    /// lose.
    /// @param digest keccak256(motion, listHash), of which the first 24 bytes are kept; listHash is keccak256 of pairs
    /// (uint16 member, bytes32 commitment) of 34 bytes, strictly ascending.
    /// @param complete Whether every drawn voter is in it: then reveals open at once.
    function commitVotes(uint256 task, bytes32 digest, bool complete) external;

    /// @notice Commit a voter that the relayer omitted, until `commitS` after the end of the relayer's time or, if the
    /// list said that it omits some, until `graceS` after it was posted, whichever is earlier; anybody.
    ///
    /// The list comes first: if it does hold the voter, with a commitment that is revealed, this changes nothing, and
    /// committing here after reveals had opened does not free a voter from what the list binds it to. Before they
    /// open, what it commits here replaces another commitment in the list.
    /// @param signature The member's, of `Commitment(uint256 task,uint32 round,bytes32 motion,bytes32 commitment)`.
    function commitVote(
        uint256 task,
        uint16 member,
        bytes32 motion,
        bytes32 listHash,
        bytes32 commitment,
        Signature calldata signature
    ) external;

    /// @notice Prove that listed voters did not reveal; anybody, in `evidenceS` after the reveals.
    /// They lose like the losing side unless they reveal before the settlement, which waits another `revealS`. Voters
    /// that have revealed what the list binds them to, or are marked already, are passed over.
    /// @param pairs The list itself.
    /// @param evidence Records of 66 bytes: uint16 position in the list, bytes32 r, bytes32 vs, the signature being
    /// the voter's over its `Commitment`. Without it a listed commitment is nobody's.
    function proveWithheld(uint256 task, bytes32 motion, bytes calldata pairs, bytes calldata evidence) external;

    /// @notice Take the whole balance, and escrow, of a member that signed two different proposals, or two commitments
    /// or votes on one motion, in one round; anybody, who gets the bounty; the rest goes to the pool. While the task runs, but
    /// not between rounds, where it would change who leads: the evidence keeps.
    function slashEquivocation(uint256 task, Equivocation calldata proof) external;

    // --- The end ------------------------------------------------------------------------------------------------

    /// @notice End a task in which nothing has moved for all the times of a round and `ABANDONED_S`; anybody.
    function abandon(uint256 task) external;

    /// @notice Send a finished task's member its balance and what it has in escrow; anybody.
    function withdraw(uint256 task, uint16 member) external;

    /// @notice Send a finished task's queued node its stake, which was never admitted; anybody.
    /// @param position In the queue.
    function withdrawQueued(uint256 task, uint16 position) external;

    /// @notice Send what is left in a finished task's pool to its creator; anybody.
    function withdrawPool(uint256 task) external;

    /// @notice Send `account` its bounties and the balance it left with; anybody.
    function withdrawCredit(address account) external;

    // --- What is known ------------------------------------------------------------------------------------------

    /// @notice Number of tasks ever created; they are numbered from 1.
    function taskCount() external view returns (uint256);

    /// @notice What the creator fixed.
    function params(uint256 task) external view returns (TaskParams memory);

    /// @notice The task as it stands.
    function state(uint256 task) external view returns (TaskState memory);

    /// @notice All members, by index.
    function members(uint256 task) external view returns (Member[] memory);

    /// @notice What members hold who have a seat, that is a balance of the minimum stake or more, in gwei; 0 before the start and
    /// after the end.
    function stakedGwei(uint256 task) external view returns (uint256);

    /// @notice Whose index this is, and the balance, in gwei, if the task runs and it is a seat or more; else 0.
    function seated(uint256 task, uint16 member) external view returns (address node, uint256 stakeGwei);

    /// @notice Joins and leaves that wait, from position `head` of the queue on.
    function queue(uint256 task) external view returns (uint256 head, Queued[] memory waiting);

    /// @notice What `withdrawCredit` would send, in gwei.
    function creditGwei(address account) external view returns (uint256);
}
