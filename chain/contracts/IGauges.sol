// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Gauges: holders of locked FML say which tasks and models incentives go to
/// @notice Epoch e runs from `startAt + e * 7 days` on. In it each holder casts one ballot, with the votes that it had in the
/// second before the epoch began: so locked FML count once, wherever they move, whoever they are delegated to and whether
/// they are unlocked meanwhile. In the epoch after that a gauge's votes count:
/// - a verified task's powered stake weighs up to `boost` percent more at the emission;
/// - a listed model is paid its share of the epoch's budget, into its till.
///
/// A gauge's share is its votes over all that were cast for its kind, over `floorBps` of all locked FML where that is
/// more, and `gaugeBps` at most. Against self-dealing a voter gives one gauge `voterBps` of its votes at most, a task's
/// creator and a model's host none of theirs to their own, and whatever they do by other accounts is bounded by the
/// share that counts. All divisions round down.
interface IGauges {
    /// @notice What a gauge is of; tasks as the emission numbers their kinds.
    enum Kind {
        NONE,
        ARENA,
        ALLIANCE,
        MODEL
    }

    /// @notice A part of a ballot: the task or model `number` of `source`, the contract that has it.
    struct Choice {
        address source;
        uint256 number;
        uint16 bps; // of the voter's votes, of 10,000
    }

    /// @notice What ballots move. All of it can be set by a proposal alone, and counts from then on, for ended epochs too.
    struct Terms {
        uint16 voterBps; // of a voter's votes that it may give one gauge, of 10,000, above 0
        uint16 gaugeBps; // share of its kind that counts of a gauge at most, of 10,000, above 0
        uint16 floorBps; // of all locked FML, of 10,000: a share is of so many votes at least
        uint16 boost; // percent that a task at `gaugeBps` weighs more, 100 at most
        uint128 budgetWei; // of an epoch for models, as far as it is here
    }

    /// @notice A voter gave a gauge so many votes.
    event Voted(
        uint256 indexed epoch, address indexed voter, address indexed source, uint256 number, uint256 votesWei
    );
    /// @notice A task's powered stake weighs `percent` of 100 by the votes of `epoch`.
    event Weighed(uint256 indexed epoch, address indexed source, uint256 indexed task, uint256 percent);
    /// @notice A model was paid its share of an epoch's budget.
    event ModelPaid(uint256 indexed epoch, uint256 indexed model, uint256 amountWei);
    /// @notice The DAO took back what it had paid in.
    event Withdrawn(address indexed to, uint256 amountWei);
    /// @notice What ballots move from now on.
    event TermsSet(Terms terms);

    /// @notice `caller` may not do this, `needed` may.
    error NotAllowed(address caller, address needed);
    /// @notice A parameter is out of its range.
    error BadParameter(string name, uint256 given);
    /// @notice The voter has cast its ballot of this epoch.
    error AlreadyVoted(address voter, uint256 epoch);
    /// @notice The voter had no votes in the second before the epoch began.
    error NoVotes(address holder);
    /// @notice Choice `index` does not come after the one before it, by keccak256 of source and number.
    error NotAscending(uint256 index);
    /// @notice This is no verified task and no open model.
    error NoGauge(address source, uint256 number);
    /// @notice Its creator, or host, does not vote for it.
    error OwnGauge(address voter, address source, uint256 number);
    /// @notice No epoch is over before second `needed`.
    error NoEpochOver(uint256 needed);
    /// @notice The model has no share of this epoch's budget, or has been paid it.
    error NothingDue(uint256 epoch, uint256 model);

    /// @notice Cast one's ballot of this epoch, once: 1 to 32 gauges, ascending by keccak256(abi.encode(source, number)),
    /// 10,000 in all at most. What is not given counts nowhere.
    function vote(Choice[] calldata choices) external;

    /// @notice Let a task weigh what the votes of the last epoch say, from today on; anybody.
    function weigh(address source, uint256 task) external returns (uint256 percent);

    /// @notice Pay a model what it has not had yet of its share of the last epoch's budget; anybody. The budget is what the
    /// terms say, or what is here and was paid of it where that is less: money that comes later is shared out by another
    /// call, in whichever order. What is not paid until the next epoch stays for it.
    function pay(uint256 model) external returns (uint256 amountWei);

    /// @notice Set what ballots move; only the DAO.
    function setTerms(Terms memory terms) external;

    /// @notice Take back what was paid in; only the DAO.
    function withdraw(address to, uint256 amountWei) external;

    /// @notice The token of the budget.
    function fml() external view returns (address);
    /// @notice Second at which epoch 0 begins.
    function startAt() external view returns (uint256);
    /// @notice The running epoch.
    function epochNow() external view returns (uint256);
    /// @notice The second by whose votes an epoch is voted on.
    function countedAt(uint256 epoch) external view returns (uint256);
    /// @notice What counts of a gauge in an epoch, of 10,000 of its kind.
    function shareBps(uint256 epoch, address source, uint256 number) external view returns (uint256);
    /// @notice What a gauge is of; NONE where it was never a verified task.
    function kindOf(address source, uint256 number) external view returns (Kind);
    /// @notice Votes that a gauge got in an epoch, in wei.
    function votesWei(uint256 epoch, address source, uint256 number) external view returns (uint256);
    /// @notice Votes that all gauges of a kind got, in wei.
    function castWei(uint256 epoch, Kind kind) external view returns (uint256);
    /// @notice Whether a voter has cast its ballot of an epoch.
    function hasVoted(uint256 epoch, address voter) external view returns (bool);
    /// @notice What a model was paid for an epoch, in wei.
    function paidWei(uint256 epoch, uint256 model) external view returns (uint256);
    /// @notice What `pay` would pay a model for an epoch that is over, in wei, rounded down.
    function dueWei(uint256 epoch, uint256 model) external view returns (uint256);
    /// @notice What ballots move.
    function terms() external view returns (Terms memory);
}
