// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title The emission: what is released each day, and which tasks it pays
/// @notice Day d runs from `startAt + d * 86,400` on; before `startAt` it is day 0. Day d releases `scheduleWei(d)`, lowered
/// by the DAO's factor, and nothing from day 1,800 on. It is split between Arena and Alliance by the stakes in the
/// verified tasks of each kind, and within a kind by stake^(powerHalves / 2), p = powerHalves / 2 in the litepaper, times what
/// gauge votes let it weigh, 100 to 200 of 100: all of them as they stood at the end of that day, whenever anybody closes
/// it. A task is a number at a source: the Arena (`MARKET_ROLE`) or an Alliance's IAllianceSource. Self-funded tasks are
/// not verified and have no stake here. Where there is a brake, a pause stops closing and drawing, and its seconds count
/// for no deadline.
///
/// A day's life: over, closed (minted), drawn by its tasks in the `DRAW_S` after that, lapsed (what is left is burned).
///
/// Amounts are wei, stakes count in whole gwei. Every division rounds down; what that leaves is burned with the day.
interface IEmission {
    /// @notice What a task is, by its source.
    enum Kind {
        NONE, // never verified
        ARENA, // its source holds MARKET_ROLE and draws by itself
        ALLIANCE // anybody draws for it once a round was accepted
    }

    /// @notice A day that was closed.
    struct Day {
        uint128 arenaWei; // for the Arena's tasks
        uint128 allianceWei; // for the Alliance's
        uint128 leftWei; // of both, neither drawn nor burned
        uint64 closedAt; // second; 0: not closed
    }

    /// @notice The DAO verified a task: from today on its stake counts.
    event TaskVerified(address indexed source, uint256 indexed task, Kind kind);
    /// @notice The DAO took the verification back: from today on its stake does not count.
    event TaskUnverified(address indexed source, uint256 indexed task);
    /// @notice A task's stake changed; `poweredTotal` is its kind's sum of weighed powered stakes after that.
    event TaskSynced(address indexed source, uint256 indexed task, uint256 day, uint256 stakeGwei, uint256 poweredTotal);
    /// @notice The DAO lowered what is left of the schedule, from `day` on, to `factorBps`.
    event ScheduleLowered(uint256 day, uint256 factorBps);
    /// @notice The DAO chose another power of the stake, from `day` on.
    event PowerSet(uint256 day, uint256 halves);
    /// @notice Gauge votes let a task's powered stake count `percent` of 100, from `day` on; `poweredTotal` is its kind's
    /// sum after that.
    event TaskWeighed(
        address indexed source, uint256 indexed task, uint256 day, uint256 percent, uint256 poweredTotal
    );
    /// @notice From now on `brake` can stop minting and drawing.
    event BrakeSet(address indexed brake);
    /// @notice A day was minted; `burnedWei` of it, which no task can draw, was burned at once.
    event DayClosed(uint256 indexed day, uint256 mintedWei, uint256 arenaWei, uint256 allianceWei, uint256 burnedWei);
    /// @notice A task's share of a day was paid to its source.
    event ShareDrawn(address indexed source, uint256 indexed task, uint256 indexed day, uint256 amountWei);
    /// @notice What nobody drew of a day was burned.
    event DayLapsed(uint256 indexed day, uint256 burnedWei);

    /// @notice A parameter is out of its range.
    error BadParameter(string name, uint256 given);
    /// @notice The day is over only at second `needed`.
    error DayNotOver(uint256 day, uint256 nowAt, uint256 needed);
    /// @notice The day was not closed yet: `closedDays` is the next to close.
    error DayNotClosed(uint256 day, uint256 closedDays);
    /// @notice The schedule has ended: there is no such day.
    error NoSuchDay(uint256 day, uint256 daysInAll);
    /// @notice Possible only before second `until`.
    error DrawTooLate(uint256 day, uint256 nowAt, uint256 until);
    /// @notice Possible only from second `needed` on.
    error LapseTooEarly(uint256 day, uint256 nowAt, uint256 needed);
    /// @notice This share was drawn before.
    error AlreadyDrawn(address source, uint256 task, uint256 day);
    /// @notice The Arena's shares are drawn by the Arena alone.
    error NotSource(address caller, address needed);
    /// @notice No round of this Alliance task was accepted that day.
    error NothingAccepted(address source, uint256 task, uint256 day);
    /// @notice There is no contract at this address that could tell a stake.
    error NoSource(address given);
    /// @notice The factor only falls.
    error FactorNotLower(uint256 givenBps, uint256 currentBps);
    /// @notice The task is verified already.
    error AlreadyVerified(address source, uint256 task);
    /// @notice The task is not verified.
    error NotVerified(address source, uint256 task);
    /// @notice There is a brake already, for good.
    error BrakeThere(address brake);
    /// @notice As many tasks are verified as there can be at once.
    error TooManyTasks(uint256 tasks);

    // --- What the market needs ------------------------------------------------------------------------------------

    /// @notice Write down a task's stake as of now, which the source's `stakeWei` tells; anybody. The Arena calls it after each
    /// change. Nothing happens where the task is not verified.
    function sync(address source, uint256 task) external;

    /// @notice Close the earliest day that is not closed: mint it to this contract, once; anybody, when it is over.
    /// @return day The day closed.
    /// @return mintedWei What it released.
    function closeDay() external returns (uint256 day, uint256 mintedWei);

    /// @notice What `draw` would pay: a task's share of a closed day, 0 once it was drawn or the time for it has passed; for
    /// an Alliance in whole gwei, whether or not a round was accepted.
    function drawableWei(address source, uint256 task, uint256 day) external view returns (uint256);

    /// @notice Pay a task's share of a closed day to its source, once, in the `DRAW_S` after the day was closed, pauses apart. For an Arena
    /// task only the Arena; for an Alliance task anybody, if a round was accepted that day.
    /// @return amountWei What was sent; may be 0.
    function draw(address source, uint256 task, uint256 day) external returns (uint256 amountWei);

    /// @notice Burn what nobody has drawn of a day, from `DRAW_S` after it was closed on; anybody.
    /// @return burnedWei How much.
    function lapse(uint256 day) external returns (uint256 burnedWei);

    // --- The DAO ----------------------------------------------------------------------------------------------------

    /// @notice Let a task's stake count from today on; only `DAO_ROLE`. Its source holds `MARKET_ROLE`, or is an
    /// IAllianceSource, which is trusted to tell the truth.
    function verify(address source, uint256 task) external;

    /// @notice Let it count no more, from today on; only `DAO_ROLE`.
    function unverify(address source, uint256 task) external;

    /// @notice Lower today's release and all after it to `bps` of 10,000 of the schedule; only `DAO_ROLE`, and only below what
    /// it is. Days that are over keep the factor they had.
    function lower(uint256 bps) external;

    /// @notice Let shares within a kind go by stake^(halves / 2), 0..4, from today on; only `DAO_ROLE`.
    function setPower(uint256 halves) external;

    /// @notice Let a task's powered stake count `percent` of 100, 100 to 200, from today on; only `GAUGE_ROLE`.
    function weigh(address source, uint256 task, uint256 percent) external;

    /// @notice Name the brake, for good, before it was ever used; once, only `DEFAULT_ADMIN_ROLE`.
    function setBrake(address brake) external;

    // --- What is known ----------------------------------------------------------------------------------------------

    /// @notice The token.
    function fml() external view returns (address);
    /// @notice Second at which day 0 begins.
    function startAt() external view returns (uint256);
    /// @notice The running day.
    function today() external view returns (uint256);
    /// @notice Days closed so far: the number of the next one to close.
    function closedDays() external view returns (uint256);
    /// @notice What a day releases by the schedule alone.
    function scheduleWei(uint256 day) external pure returns (uint256);
    /// @notice The DAO's factor in force at the end of a day, or now if the day is not over, of 10,000.
    function factorBps(uint256 day) external view returns (uint256);
    /// @notice Halves in the power of the stake at the end of a day, or now if the day is not over; 2 at first.
    function powerHalves(uint256 day) external view returns (uint256);
    /// @notice A task's kind, that of its first verification; NONE where it was never verified.
    function kindOf(address source, uint256 task) external view returns (Kind);
    /// @notice Whether a task's stake counts now.
    function isVerified(address source, uint256 task) external view returns (bool);
    /// @notice A task's stake at the end of a day, or as last written if the day is not over; 0 where it was not verified.
    function stakeGwei(address source, uint256 task, uint256 day) external view returns (uint256);
    /// @notice What of 100 a task's powered stake counts at the end of a day, or now if the day is not over.
    function percentOf(address source, uint256 task, uint256 day) external view returns (uint256);
    /// @notice The brake; zero: none.
    function brake() external view returns (address);
    /// @notice Whether a guardian has stopped what mints or brings money in.
    function paused() external view returns (bool);
    /// @notice The stakes of all verified tasks of a kind at the end of a day, and the sum of their powered stakes, each
    /// times its percent.
    function totals(Kind kind, uint256 day) external view returns (uint256 stakedGwei, uint256 powered);
    /// @notice A day as it stands.
    function dayOf(uint256 day) external view returns (Day memory);
    /// @notice All that was ever minted, paid to sources, and burned; the difference is held here.
    function books() external view returns (uint256 mintedWei, uint256 paidWei, uint256 burnedWei);
}
