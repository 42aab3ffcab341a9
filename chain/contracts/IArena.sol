// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IPoolMarket} from "./IDelegationPool.sol";
import {ITaskSource} from "./ITaskSource.sol";
import {Vrf} from "./Vrf.sol";

/// @title The AI Arena: tasks in which staked nodes submit models and staked validators score them, paid by consensus
/// @notice A task has `dayCount` days on dataset A and one more on dataset B, all as long as the emission's days and
/// aligned with them: day d begins at `dayAt(task, d)`; `firstDay` is the emission's day on which day 0 falls. A day's
/// four windows follow each other from its beginning:
///
///   submit         nodes commit to a model, with the fee
///   reveal         nodes reveal digest and number of parameters; places are the order of the commitments
///   score          validators commit to their scores of the places that their own VRF output assigns to them
///   reveal scores  validators reveal proof and scores
///
/// Then anybody settles the day in batches, and finishes it once it is over: that fixes what each account can claim.
/// What counts on a day is stake as it stood when the day began.
///
/// `endsAt` is where the days on dataset A are over, 0 in a cancelled task: from then on nobody stakes or delegates, so
/// that nobody joins a pool when the ranks on dataset B, which pay what was held, can be seen.
///
/// On the day after the last, the B day, the creator reveals dataset B in the windows of submission, anybody enters
/// each node's best submission, and validators score again. That pays what was held of every day's reward. If it comes
/// to nothing (no dataset B, nobody scored), what was held of each day is paid by that day's own shares.
///
/// Scores are losses in millionths, lower is better; 2^32 - 1 refuses a submission. Stakes weigh in whole gwei. Amounts
/// are wei. Every division rounds down; what that leaves joins the task's pool, with fees and slashes, which the B day
/// pays out; what nobody can claim then is burned.
///
/// Reference: `chain/rules/{arena_consensus,arena_pay,assignment,delegation,locks,ranking}.py`.
interface IArena is IPoolMarket, ITaskSource {
    /// @notice Where a task stands.
    enum Phase {
        NONE, // no such task
        ACTIVE, // created, until its B day is finished
        CANCELLED, // by its creator before day 0: everybody takes out what it put in
        COMPLETED // every day is finished: stakes unlock
    }

    /// @notice What an account is in a task; never two at once.
    enum Role {
        NONE,
        CREATOR,
        NODE,
        VALIDATOR
    }

    /// @notice What became of a submission.
    enum Verdict {
        COMMITTED, // not revealed
        REVEALED, // not settled
        REFUSED, // revealed, but over the limit or a copy: WORST, whatever validators say
        UNSCORED, // settled; no validator revealed a score of it
        RANKED, // settled with a consensus below WORST
        WORST // settled with the consensus WORST, or refused: not paid, fee and a part of the stake lost
    }

    /// @notice What a task's creator fixes for good.
    struct TaskParams {
        bytes32 kind; // name of the kind of model, which says how it is trained and scored
        bytes32 specDigest; // sha256 of the task's description
        bytes32 datasetA; // sha256 of what submissions are scored on
        bytes32 datasetB; // keccak256(abi.encode(sha256 of dataset B, salt))
        bytes32 baseModel; // sha256 of the model that submissions start from
        uint32 firstDay; // the emission's day on which day 0 falls, after today
        uint16 dayCount; // days on dataset A, 1..1,800
        uint32 submitS; // windows in seconds, each at least 1, 86,400 in all at most
        uint32 revealS;
        uint32 scoreS;
        uint32 revealScoresS;
        uint16 paidNodes; // ranks that are paid a day, k1, 1 to what the limits say
        uint16 paidValidators; // k2, 1 to what the limits say
        uint16 validatorLimit; // submissions that the largest validator scores a day, L, 1..65,535
        uint16 slashBps; // what a slash takes of an account's stake and its delegators', of 10,000
        uint8 powerHalves; // exponent of stakes in shares, in halves, a = powerHalves / 2, 0..4
        uint96 minNodeStakeWei; // own stake, at least what the limits say
        uint96 minValidatorStakeWei; // own stake and the unit of assignment, at least what the limits say
        uint16 floorBps; // what nodes and validators each get of a reward whatever their stakes, g, 0..5,000
        uint16 nowBps; // share of a reward that is paid the same day, delta, 0..10,000
        uint16 delegatedBps; // what a delegated wei weighs, eps, 0..10,000
        uint96 submissionFeeWei; // taken at the commitment, returned with a consensus below WORST
        uint96 dailyWei; // paid each day out of what the creator pays in at the beginning
        uint64 maxParameters; // of a submission, at least 1
        uint64 rankWad; // what a rank weighs of the one before, q, 0..1e18
        uint96 decayWad; // how fast a validator loses with its distance from the consensus, lambda, 0..1e24
        uint96 creatorStakeWei; // at least `minCreatorStakeWei`
    }

    /// @notice What the DAO lets creators fix.
    struct Limits {
        uint96 minNodeStakeWei; // `minNodeStakeWei` at least, one gwei or more
        uint96 minValidatorStakeWei; // `minValidatorStakeWei` at least, one gwei or more
        uint16 paidNodes; // `paidNodes` at most, 1..64
        uint16 paidValidators; // `paidValidators` at most, 1..64
    }

    /// @notice A task as it stands.
    struct TaskState {
        Phase phase;
        address creator;
        uint256 finishedDays; // days finished: the number of the next one to finish
        bytes32 datasetB; // sha256 of dataset B, 0 until it is revealed
        bool fellBack; // the B day came to nothing: what was held is paid by each day's own shares
        uint256 stakedWei; // all own and delegated stakes
        uint256 ownWei; // own stakes, held here
        uint256 poolWei; // fees, slashes and what rounding leaves; held here
        uint256 fundWei; // what is left of the daily rewards that the creator paid in; held here
        uint256 owedWei; // fees that may go back and rewards that are not claimed; held here
        uint256 heldNodesWei; // of that: what the B day is to pay to nodes
        uint256 heldValidatorsWei; // and to validators
    }

    /// @notice An account's part in a task as it stands.
    struct Stake {
        Role role;
        uint256 ownWei;
        uint256 delegatedWei; // as its pool last told
        uint256 lockDays; // what its own stake weighs more by, see `chain/rules/locks.py`
        uint256 lockedUntil; // second
        uint256 weightGwei; // what counts today
        address pool; // of its delegators; 0: none
        uint256 vrfX; // a validator's key
        uint256 bestScore; // a node's lowest consensus; 2^32 - 1: none
        uint256 bestDay;
        uint256 bestPlace;
    }

    /// @notice A day as it stands.
    struct DayState {
        uint256 commits; // submissions committed: places 0 .. commits - 1
        uint256 settled; // places settled
        uint256 validators; // that committed
        uint256 revealed; // that revealed
        uint256 judged; // validators settled, after the places
        bool finished;
        bytes32 digest; // of all reveals, in their order; what validators' VRF outputs are over
        uint256 nodesNowWei; // what nodes share now
        uint256 nodesHeldWei; // what they share where the task falls back
        uint256 validatorsNowWei;
        uint256 validatorsHeldWei;
    }

    /// @notice A submission.
    struct Submission {
        address node;
        Verdict verdict;
        uint32 score; // consensus, once it is settled
        uint16 sigmaBps; // the node's part of what its delegators earn
        bool claimedNow;
        bool claimedHeld;
        uint64 ownGwei; // own stake when the day began
        uint64 delegatedGwei; // its delegators'
        uint64 weightGwei; // what both weigh
        uint64 shareWad; // of what nodes share; once the day is finished
        bytes32 digest; // the commitment until the reveal; then sha256 of the model
    }

    /// @notice A validator's day.
    struct Validation {
        address validator;
        bool revealed;
        uint16 quota; // how many places it scores
        uint16 start; // the first of them
        uint16 inverse; // of the stride, modulo the number of places
        uint16 sigmaBps; // the validator's part of what its delegators earn
        bool claimedNow;
        bool claimedHeld;
        uint64 ownGwei; // as in Submission
        uint64 delegatedGwei;
        uint64 weightGwei;
        uint64 shareWad;
        bytes32 commitment;
        uint128 fitsWad; // sum of F over what it scored
        uint16 scored; // how many that was
    }

    // --- A task's life ----------------------------------------------------------------------------------------------

    /// @notice A task was created; its creator staked and paid in `fundWei` for daily rewards.
    event TaskCreated(uint256 indexed task, address indexed creator, TaskParams params, uint256 fundWei);
    /// @notice A task ended before it began.
    event TaskCancelled(uint256 indexed task);
    /// @notice An account staked more; `ownWei` is its own stake after that.
    event Staked(
        uint256 indexed task, address indexed account, Role role, uint256 amountWei, uint256 ownWei, uint256 lockDays
    );
    /// @notice A validator's key, at its first stake.
    event KeyRegistered(uint256 indexed task, address indexed validator, uint256 vrfX);
    /// @notice A delegate opened its pool.
    event PoolOpened(uint256 indexed task, address indexed delegate, address pool, uint256 sigmaBps);
    /// @notice What is delegated to an account is now `assetsWei`.
    event DelegationChanged(uint256 indexed task, address indexed delegate, uint256 assetsWei);
    /// @notice An account lost stake into the task's pool: its own first.
    event Slashed(
        uint256 indexed task, uint256 indexed day, address indexed account, uint256 ownWei, uint256 delegatedWei
    );
    /// @notice An account took its stake out, a creator with what was left of the daily rewards.
    event Unlocked(uint256 indexed task, address indexed account, uint256 amountWei);
    /// @notice A task's last day was finished; what nobody can claim was burned.
    event TaskCompleted(uint256 indexed task, bool fellBack, uint256 burnedWei);
    /// @notice The least stake of a creator is now `minWei`.
    event MinCreatorStakeSet(uint256 minWei);
    /// @notice What creators of later tasks may fix.
    event LimitsSet(Limits limits);

    // --- A day ------------------------------------------------------------------------------------------------------

    /// @notice A node committed to a model; its place.
    event SubmissionCommitted(
        uint256 indexed task, uint256 indexed day, address indexed node, uint256 place, bytes32 commitment
    );
    /// @notice A node revealed a model.
    event SubmissionRevealed(
        uint256 indexed task,
        uint256 indexed day,
        address indexed node,
        uint256 place,
        bytes32 digest,
        uint256 parameters,
        uint256 weightGwei,
        Verdict verdict
    );
    /// @notice A submission turned out to be a copy of one that was committed earlier.
    event CopyRefused(uint256 indexed task, uint256 indexed day, uint256 place, bytes32 digest);
    /// @notice Dataset B is public.
    event DatasetBRevealed(uint256 indexed task, bytes32 digest);
    /// @notice A node's best submission takes part in the B day.
    event FinalEntered(uint256 indexed task, address indexed node, uint256 place, uint256 ofDay, uint256 ofPlace);
    /// @notice A validator committed to its scores.
    event ScoresCommitted(
        uint256 indexed task,
        uint256 indexed day,
        address indexed validator,
        uint256 index,
        uint256 weightGwei,
        uint256 quota,
        bytes32 commitment
    );
    /// @notice A validator revealed its scores: that of place p in bits 32 (p mod 8).. of word p / 8. It was assigned
    /// the places (start + i stride) mod the number of places.
    event ScoresRevealed(
        uint256 indexed task,
        uint256 indexed day,
        address indexed validator,
        uint256 start,
        uint256 stride,
        uint256[] scores
    );
    /// @notice A place was settled.
    event SubmissionSettled(
        uint256 indexed task, uint256 indexed day, address indexed node, uint256 place, Verdict verdict, uint256 score
    );
    /// @notice A day was finished: R0, of which `drawnWei` came from the emission, and what nodes and validators share
    /// of it now and later.
    event DayFinished(
        uint256 indexed task,
        uint256 indexed day,
        uint256 rewardWei,
        uint256 drawnWei,
        uint256 nodesNowWei,
        uint256 nodesHeldWei,
        uint256 validatorsNowWei,
        uint256 validatorsHeldWei
    );
    /// @notice An account's share of what its role is paid for a day, fixed when that was finished.
    event ShareFixed(uint256 indexed task, uint256 indexed day, address indexed account, uint256 shareWad);
    /// @notice An account was paid for a day: `paidWei` and a returned fee to itself, `pushedWei` to its delegators'
    /// pool.
    event Claimed(
        uint256 indexed task,
        uint256 indexed day,
        address indexed account,
        uint256 paidWei,
        uint256 feeWei,
        uint256 pushedWei
    );

    // --- Refusals ---------------------------------------------------------------------------------------------------

    /// @notice No task of this number.
    error UnknownTask(uint256 task);
    /// @notice The task is not in a phase in which this can be done.
    error WrongPhase(uint256 task, Phase phase);
    /// @notice Possible only from second `from` on.
    error TooEarly(uint256 task, uint256 nowAt, uint256 from);
    /// @notice Was possible only before second `until`.
    error TooLate(uint256 task, uint256 nowAt, uint256 until);
    /// @notice A parameter is out of its range.
    error BadParameter(string name, uint256 given);
    /// @notice Somebody else has to do this.
    error NotAllowed(address caller, address needed);
    /// @notice The own stake, when the day began or with this amount, is below the least.
    error StakeTooLow(uint256 amountGwei, uint256 minStakeGwei);
    /// @notice The account is something else in this task.
    error WrongRole(uint256 task, address account, Role role);
    /// @notice The account has a pool already.
    error PoolExists(uint256 task, address delegate, address pool);
    /// @notice The task has no such day.
    error UnknownDay(uint256 task, uint256 day, uint256 days_);
    /// @notice The account has done this on this day already.
    error AlreadyDone(uint256 task, uint256 day, address account);
    /// @notice There are as many of these on this day as there can be.
    error DayFull(uint256 task, uint256 day, uint256 limit);
    /// @notice What is revealed is not what was committed to.
    error WrongOpening(bytes32 given, bytes32 committed);
    /// @notice Scores fill one word for each eight places.
    error WrongLength(uint256 given, uint256 needed);
    /// @notice Nothing was submitted on this day, or dataset B is not revealed.
    error NothingToScore(uint256 task, uint256 day);
    /// @notice The stake is too small to be assigned a single place.
    error NoQuota(uint256 task, address validator, uint256 weightGwei);
    /// @notice Days are finished in order, and the B day begins when all others are.
    error WrongDay(uint256 task, uint256 given, uint256 needed);
    /// @notice Something of this day is still to be settled.
    error NotSettled(uint256 task, uint256 day, uint256 left);
    /// @notice The node has no submission with a consensus below WORST.
    error NothingToEnter(uint256 task, address node);
    /// @notice Nothing is left to pay, to settle or to take out.
    error NothingThere();

    // --- Everybody who takes part -----------------------------------------------------------------------------------

    /// @notice Create a task: the caller stakes `creatorStakeWei` and pays `dailyWei` for each day in.
    /// @return task Its number, from 1.
    function createTask(TaskParams calldata params) external returns (uint256 task);

    /// @notice End a task before its day 0; only its creator.
    function cancel(uint256 task) external;

    /// @notice Stake `amountWei` in a task as NODE or VALIDATOR, or add to what the caller has there, until its last
    /// day on dataset A is over. Counts from the next day on.
    /// @param lockDays For how long the whole own stake is locked from now, 0..365, no less than it was: above 30 days
    /// it weighs more, and it stays here until then if the task completes earlier.
    /// @param vrfX A validator's key at its first stake; 0 otherwise.
    function stake(uint256 task, Role role, uint256 amountWei, uint256 lockDays, uint256 vrfX) external;

    /// @notice Open the caller's pool, into which anybody may delegate; once, by who has a stake in the task.
    /// @param sigmaBps What the caller takes of its delegators' earnings, of 10,000.
    function openPool(uint256 task, uint256 sigmaBps) external returns (address pool);

    /// @notice Pay an account's stake out to it once the task is completed and its lock over, or the task is cancelled;
    /// a creator gets what is left of the daily rewards too. Anybody may call.
    function unlock(uint256 task, address account) external;

    /// @notice Pay an account what it can claim for a day; its delegators' part goes to its pool in one transfer.
    /// Anybody may call.
    /// @return amountWei All that was paid.
    function claim(uint256 task, uint256 day, address account) external returns (uint256 amountWei);

    // --- Nodes ------------------------------------------------------------------------------------------------------

    /// @notice Commit to a model; one a day. Takes the fee.
    /// @param commitment keccak256(abi.encode(task, day, node, digest, parameters, salt)).
    /// @return place Its place of the day.
    function commitSubmission(uint256 task, bytes32 commitment) external returns (uint256 place);

    /// @notice Reveal it in the second window. A model over the limit is refused, and of two with one digest the one
    /// committed later, unless both are the same node's.
    /// @param digest sha256 of the model's file, not 0.
    /// @param parameters How many parameters it has.
    function revealSubmission(uint256 task, bytes32 digest, uint64 parameters, bytes32 salt) external;

    // --- Validators -------------------------------------------------------------------------------------------------

    /// @notice Commit to scores; once a day. How many places the validator is to score follows from its stake.
    /// @param commitment keccak256(abi.encode(task, day, validator, scores, salt)).
    function commitScores(uint256 task, bytes32 commitment) external;

    /// @notice Reveal them. Scores of places that are not the validator's do not count, nor do those of places that
    /// nobody revealed.
    /// @param proof Of the key's output over `scoreAlpha(task, day)`.
    /// @param scores That of place p in bits 32 (p mod 8).. of word p / 8.
    function revealScores(uint256 task, Vrf.Proof calldata proof, uint256[] calldata scores, bytes32 salt) external;

    // --- Settlement: anybody ----------------------------------------------------------------------------------------

    /// @notice Settle the next `count` places of a day whose windows are over, in order, and after them the validators:
    /// that slashes who was refused and who did not reveal. Stops where nothing is left.
    /// @return left What is still to be settled.
    function settle(uint256 task, uint256 day, uint256 count) external returns (uint256 left);

    /// @notice Finish a day that is over and settled: draw its emission, which must be closed, and fix everybody's
    /// share.
    function finishDay(uint256 task, uint256 day) external;

    /// @notice Open the commitment to dataset B, in the first two windows of the B day; by whoever can.
    function revealDatasetB(uint256 task, bytes32 digest, bytes32 salt) external;

    /// @notice Enter these nodes' best submissions into the B day, in its first two windows, once all other days are
    /// finished. Nodes that are entered already are passed over.
    function enterFinal(uint256 task, address[] calldata nodes) external;

    /// @notice Set the least stake of a creator, in wei; only `DAO_ROLE`.
    function setMinCreatorStake(uint256 minWei) external;

    /// @notice Set the limits of what creators of later tasks fix; only `DAO_ROLE`.
    function setLimits(Limits calldata limits) external;

    // --- What is known ----------------------------------------------------------------------------------------------

    /// @notice The token.
    function fml() external view returns (address);
    /// @notice The emission.
    function emission() external view returns (address);
    /// @notice What delegation pools are clones of.
    function poolImplementation() external view returns (address);
    /// @notice Tasks created so far: the number of the newest.
    function taskCount() external view returns (uint256);
    /// @notice Least stake of a creator, in wei.
    function minCreatorStakeWei() external view returns (uint256);
    /// @notice The limits of what creators fix.
    function limits() external view returns (Limits memory);
    /// @notice What the creator fixed.
    function params(uint256 task) external view returns (TaskParams memory);
    /// @notice A task as it stands.
    function state(uint256 task) external view returns (TaskState memory);
    /// @notice An account's part in it.
    function stakeOf(uint256 task, address account) external view returns (Stake memory);
    /// @notice Second at which a day of a task begins; `dayCount` is the B day.
    function dayAt(uint256 task, uint256 day) external view returns (uint256);
    /// @notice A day as it stands.
    function dayState(uint256 task, uint256 day) external view returns (DayState memory);
    /// @notice The submission at a place.
    function submission(uint256 task, uint256 day, uint256 place) external view returns (Submission memory);
    /// @notice A validator's day, by its index.
    function validation(uint256 task, uint256 day, uint256 index) external view returns (Validation memory);
    /// @notice Place or index of an account on a day, plus one; 0 where it has none.
    function entryOf(uint256 task, uint256 day, address account) external view returns (uint256);
    /// @notice The places that are paid, best first; while settling, the best so far.
    function ranking(uint256 task, uint256 day) external view returns (uint256[] memory places);
    /// @notice What validators' VRF outputs are over on a day: final once the reveals are over.
    function scoreAlpha(uint256 task, uint256 day) external view returns (bytes32);
}
