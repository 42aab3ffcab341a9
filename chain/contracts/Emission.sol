// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

import {Braked} from "./Braked.sol";
import {IBrake} from "./IBrake.sol";
import {IEmission} from "./IEmission.sol";
import {IFML} from "./IFML.sol";
import {IAllianceSource, ITaskSource} from "./ITaskSource.sol";
import {Schedule} from "./Schedule.sol";
import {Shares} from "./Shares.sol";

/// @title The emission of FML
/// @notice Documented in IEmission. It holds FML's `MINTER_ROLE`, and mints what the schedule releases and no more.
contract Emission is IEmission, Braked, AccessControl, Multicall {
    using BitMaps for BitMaps.BitMap;
    using Checkpoints for Checkpoints.Trace208;
    using EnumerableSet for EnumerableSet.Bytes32Set;

    /// @dev What the emission knows of a task.
    struct Record {
        Kind kind; // that of its first verification
        Checkpoints.Trace208 stakes; // gwei, and what above 100 percent of its power counts over them, by day
        BitMaps.BitMap drawn; // the days it has drawn
    }

    /// @notice May verify tasks, lower the schedule and set the power; granted by `DEFAULT_ADMIN_ROLE`.
    bytes32 public constant DAO_ROLE = keccak256("DAO_ROLE");
    /// @notice The Arena: its tasks are of kind ARENA, and it draws for them; granted by `DEFAULT_ADMIN_ROLE`.
    bytes32 public constant MARKET_ROLE = keccak256("MARKET_ROLE");
    /// @notice Lets powered stakes weigh more by gauge votes; granted by `DEFAULT_ADMIN_ROLE`.
    bytes32 public constant GAUGE_ROLE = keccak256("GAUGE_ROLE");

    /// @notice Seconds in a day.
    uint256 public constant DAY_S = 86_400;
    /// @notice Seconds after a day's closing in which its shares can be drawn.
    uint256 public constant DRAW_S = 7 days;
    /// @notice Days of the schedule.
    uint256 public constant DAYS = Schedule.DAYS;
    /// @notice Tasks that are verified at once at most: so many `setPower` goes through in one transaction.
    uint256 public constant MAX_TASKS = 256;

    uint256 private constant WEI_PER_GWEI = 1e9;
    /// @dev Bits of a checkpoint's sum of weighed powered stakes: 256 of 2e38 at most. The sum of stakes lies above it.
    uint256 private constant POWERED_BITS = 136;
    /// @dev Bits of a task's stake in a checkpoint: 1e18 at most. What its percent is above 100 lies over them.
    uint256 private constant STAKE_BITS = 64;

    /// @inheritdoc IEmission
    address public immutable fml;
    /// @inheritdoc IEmission
    uint256 public immutable startAt;

    /// @inheritdoc IEmission
    uint256 public closedDays;

    uint256 private _mintedWei;
    uint256 private _paidWei;
    uint256 private _burnedWei;
    mapping(uint256 day => Day) private _days;
    mapping(uint256 day => uint256) private _pausedS; // seconds of the pauses before a day was closed
    mapping(bytes32 key => Record) private _records;
    mapping(Kind => Checkpoints.Trace208) private _totals; // see _packed
    Checkpoints.Trace208 private _factor; // bps, by day
    Checkpoints.Trace208 private _power; // halves, by day
    EnumerableSet.Bytes32Set private _verified; // keys of the tasks whose stake counts
    /// @inheritdoc IEmission
    address public brake;

    /// @param fml_ The FML token, which must grant this contract `MINTER_ROLE`.
    /// @param startAt_ Second at which day 0 begins, not in the past.
    /// @param dao Gets `DEFAULT_ADMIN_ROLE` and `DAO_ROLE`.
    constructor(address fml_, uint256 startAt_, address dao) {
        if (startAt_ < block.timestamp) revert BadParameter("startAt", startAt_);
        fml = fml_;
        startAt = startAt_;
        _grantRole(DEFAULT_ADMIN_ROLE, dao);
        _grantRole(DAO_ROLE, dao);
        _factor.push(0, uint208(Shares.BPS));
        _power.push(0, 2);
    }

    // --- What the market needs ------------------------------------------------------------------------------------

    /// @inheritdoc IEmission
    function sync(address source, uint256 task) external {
        bytes32 key = _key(source, task);
        if (_verified.contains(key)) _write(key, source, task, ITaskSource(source).stakeWei(task));
    }

    /// @inheritdoc IEmission
    function closeDay() external returns (uint256 day, uint256 mintedWei) {
        _requireRunning();
        day = closedDays;
        if (day >= DAYS) revert NoSuchDay(day, DAYS);
        uint256 overAt = startAt + (day + 1) * DAY_S;
        if (block.timestamp < overAt) revert DayNotOver(day, block.timestamp, overAt);
        mintedWei = Shares.lowered(Schedule.dailyWei(day), factorBps(day));
        (uint256 arenaGwei,) = totals(Kind.ARENA, day);
        (uint256 allianceGwei,) = totals(Kind.ALLIANCE, day);
        (uint256 arenaWei, uint256 allianceWei) = Shares.split(mintedWei, arenaGwei, allianceGwei);
        uint256 leftWei = arenaWei + allianceWei;
        closedDays = day + 1;
        // The whole schedule is below 2^89 wei.
        _days[day] = Day(uint128(arenaWei), uint128(allianceWei), uint128(leftWei), uint64(block.timestamp));
        if (brake != address(0)) _pausedS[day] = IBrake(brake).pausedS();
        _mintedWei += mintedWei;
        emit DayClosed(day, mintedWei, arenaWei, allianceWei, mintedWei - leftWei);
        IFML(fml).mint(address(this), mintedWei);
        _burn(mintedWei - leftWei);
    }

    /// @inheritdoc IEmission
    function draw(address source, uint256 task, uint256 day) external returns (uint256 amountWei) {
        _requireRunning();
        uint256 until = _drawnUntil(day);
        if (block.timestamp >= until) revert DrawTooLate(day, block.timestamp, until);
        Record storage record = _records[_key(source, task)];
        if (record.kind == Kind.NONE) revert NotVerified(source, task);
        if (record.drawn.get(day)) revert AlreadyDrawn(source, task, day);
        if (record.kind == Kind.ARENA) _requireArena(source);
        else _requireAccepted(source, task, day);
        amountWei = _shareWei(record, day);
        record.drawn.set(day);
        _days[day].leftWei -= uint128(amountWei);
        _paidWei += amountWei;
        emit ShareDrawn(source, task, day, amountWei);
        IFML(fml).transfer(source, amountWei);
        if (record.kind == Kind.ALLIANCE) IAllianceSource(source).onReward(task, day, amountWei);
    }

    /// @inheritdoc IEmission
    function lapse(uint256 day) external returns (uint256 burnedWei) {
        uint256 from = _drawnUntil(day);
        if (block.timestamp < from) revert LapseTooEarly(day, block.timestamp, from);
        burnedWei = _days[day].leftWei;
        if (burnedWei == 0) return 0;
        _days[day].leftWei = 0;
        emit DayLapsed(day, burnedWei);
        _burn(burnedWei);
    }

    // --- The DAO ----------------------------------------------------------------------------------------------------

    /// @inheritdoc IEmission
    function verify(address source, uint256 task) external onlyRole(DAO_ROLE) {
        bytes32 key = _key(source, task);
        if (_verified.length() >= MAX_TASKS) revert TooManyTasks(MAX_TASKS);
        if (source.code.length == 0) revert NoSource(source);
        if (!_verified.add(key)) revert AlreadyVerified(source, task);
        Record storage record = _records[key];
        // Never another: what it can draw of days that are over was split by the first.
        if (record.kind == Kind.NONE) record.kind = hasRole(MARKET_ROLE, source) ? Kind.ARENA : Kind.ALLIANCE;
        emit TaskVerified(source, task, record.kind);
        _write(key, source, task, ITaskSource(source).stakeWei(task));
    }

    /// @inheritdoc IEmission
    function unverify(address source, uint256 task) external onlyRole(DAO_ROLE) {
        bytes32 key = _key(source, task);
        if (!_verified.remove(key)) revert NotVerified(source, task);
        emit TaskUnverified(source, task);
        _write(key, source, task, 0);
    }

    /// @inheritdoc IEmission
    function lower(uint256 bps) external onlyRole(DAO_ROLE) {
        uint256 current = _factor.latest();
        if (bps >= current) revert FactorNotLower(bps, current);
        uint256 day = today();
        _factor.push(uint48(day), uint208(bps));
        emit ScheduleLowered(day, bps);
    }

    /// @inheritdoc IEmission
    function setPower(uint256 halves) external onlyRole(DAO_ROLE) {
        if (halves > Shares.MAX_HALVES) revert BadParameter("halves", halves);
        uint256 day = today();
        _power.push(uint48(day), uint208(halves));
        emit PowerSet(day, halves);
        uint256[3] memory sums;
        bytes32[] memory keys = _verified.values();
        for (uint256 i = 0; i < keys.length; ++i) {
            Record storage record = _records[keys[i]];
            (uint256 stake, uint256 percent) = _parted(record.stakes.latest());
            sums[uint256(record.kind)] += Shares.weighed(stake, halves, percent);
        }
        for (uint256 kind = uint256(Kind.ARENA); kind <= uint256(Kind.ALLIANCE); ++kind) {
            (uint256 stakedGwei,) = totals(Kind(kind), day);
            _totals[Kind(kind)].push(uint48(day), _packed(stakedGwei, sums[kind]));
        }
    }

    /// @inheritdoc IEmission
    function weigh(address source, uint256 task, uint256 percent) external onlyRole(GAUGE_ROLE) {
        if (percent < Shares.WHOLE || percent > Shares.MAX_PERCENT) revert BadParameter("percent", percent);
        Record storage record = _records[_key(source, task)];
        if (record.kind == Kind.NONE) revert NotVerified(source, task);
        (uint256 stake, uint256 former) = _parted(record.stakes.latest());
        if (percent == former) return;
        uint256 powered = _push(record, stake, percent);
        emit TaskWeighed(source, task, today(), percent, powered);
    }

    /// @inheritdoc IEmission
    function setBrake(address brake_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (brake != address(0)) revert BrakeThere(brake);
        // What it paused before would prolong the days that were closed without it.
        if (IBrake(brake_).pausedUntil() != 0) revert BadParameter("brake", uint160(brake_));
        brake = brake_;
        emit BrakeSet(brake_);
    }

    // --- What is known ----------------------------------------------------------------------------------------------

    /// @inheritdoc IEmission
    function drawableWei(address source, uint256 task, uint256 day) external view returns (uint256) {
        Record storage record = _records[_key(source, task)];
        bool late = block.timestamp >= _drawnUntil(day);
        return late || record.kind == Kind.NONE || record.drawn.get(day) ? 0 : _shareWei(record, day);
    }

    /// @inheritdoc IEmission
    function today() public view returns (uint256) {
        return block.timestamp < startAt ? 0 : (block.timestamp - startAt) / DAY_S;
    }

    /// @inheritdoc IEmission
    function scheduleWei(uint256 day) external pure returns (uint256) {
        return Schedule.dailyWei(day);
    }

    /// @inheritdoc IEmission
    function factorBps(uint256 day) public view returns (uint256) {
        return _factor.upperLookupRecent(uint48(day));
    }

    /// @inheritdoc IEmission
    function powerHalves(uint256 day) public view returns (uint256) {
        return _power.upperLookupRecent(uint48(day));
    }

    /// @inheritdoc IEmission
    function kindOf(address source, uint256 task) external view returns (Kind) {
        return _records[_key(source, task)].kind;
    }

    /// @inheritdoc IEmission
    function isVerified(address source, uint256 task) external view returns (bool) {
        return _verified.contains(_key(source, task));
    }

    /// @inheritdoc IEmission
    function stakeGwei(address source, uint256 task, uint256 day) external view returns (uint256) {
        (uint256 stake,) = _parted(_records[_key(source, task)].stakes.upperLookupRecent(uint48(day)));
        return stake;
    }

    /// @inheritdoc IEmission
    function percentOf(address source, uint256 task, uint256 day) external view returns (uint256) {
        (, uint256 percent) = _parted(_records[_key(source, task)].stakes.upperLookupRecent(uint48(day)));
        return percent;
    }

    /// @inheritdoc IEmission
    function paused() external view returns (bool) {
        return brake != address(0) && block.timestamp < IBrake(brake).pausedUntil();
    }

    /// @inheritdoc IEmission
    function totals(Kind kind, uint256 day) public view returns (uint256 stakedGwei, uint256 powered) {
        return _unpacked(_totals[kind].upperLookupRecent(uint48(day)));
    }

    /// @inheritdoc IEmission
    function dayOf(uint256 day) external view returns (Day memory) {
        return _days[day];
    }

    /// @inheritdoc IEmission
    function books() external view returns (uint256 mintedWei, uint256 paidWei, uint256 burnedWei) {
        return (_mintedWei, _paidWei, _burnedWei);
    }

    // --- Steps that several calls share -----------------------------------------------------------------------------

    /// @dev Write a task's stake, and its kind's totals with it, as of today.
    function _write(bytes32 key, address source, uint256 task, uint256 stakeWei) private {
        Record storage record = _records[key];
        // A source that claims more than all FML must not spill into the other half of the totals.
        uint256 stake = Math.min(stakeWei / WEI_PER_GWEI, Shares.MAX_STAKE_GWEI);
        (uint256 former, uint256 percent) = _parted(record.stakes.latest());
        if (stake == former) return;
        uint256 powered = _push(record, stake, percent);
        emit TaskSynced(source, task, today(), stake, powered);
    }

    /// @dev Let a task have this stake and weigh this much as of today.
    /// @return powered Its kind's sum of weighed powered stakes after that.
    function _push(Record storage record, uint256 stake, uint256 percent) private returns (uint256 powered) {
        uint48 day = uint48(today());
        uint256 halves = _power.latest();
        (uint256 former, uint256 formerPercent) = _parted(record.stakes.latest());
        Checkpoints.Trace208 storage trace = _totals[record.kind];
        uint256 stakedGwei;
        (stakedGwei, powered) = _unpacked(trace.latest());
        stakedGwei = stakedGwei + stake - former;
        powered = powered + Shares.weighed(stake, halves, percent) - Shares.weighed(former, halves, formerPercent);
        record.stakes.push(day, uint208(((percent - Shares.WHOLE) << STAKE_BITS) | stake));
        trace.push(day, _packed(stakedGwei, powered));
    }

    /// @dev What a task earns of a closed day; an Alliance counts in whole gwei, and what is below lapses.
    function _shareWei(Record storage record, uint256 day) private view returns (uint256) {
        bool arena = record.kind == Kind.ARENA;
        (, uint256 sum) = totals(record.kind, day);
        (uint256 stake, uint256 percent) = _parted(record.stakes.upperLookupRecent(uint48(day)));
        uint256 own = Shares.weighed(stake, powerHalves(day), percent);
        uint256 amountWei = Shares.taskShare(arena ? _days[day].arenaWei : _days[day].allianceWei, own, sum);
        return arena ? amountWei : amountWei - amountWei % WEI_PER_GWEI;
    }

    function _closed(uint256 day) private view returns (Day storage) {
        if (day >= DAYS) revert NoSuchDay(day, DAYS);
        if (day >= closedDays) revert DayNotClosed(day, closedDays);
        return _days[day];
    }

    /// @dev The second until which a closed day's shares can be drawn: time in which nobody may draw does not count.
    function _drawnUntil(uint256 day) private view returns (uint256) {
        uint256 until = _closed(day).closedAt + DRAW_S;
        return brake == address(0) ? until : until + IBrake(brake).pausedS() - _pausedS[day];
    }

    function _brake() internal view override returns (address) {
        return brake;
    }

    function _requireArena(address source) private view {
        if (msg.sender != source) revert NotSource(msg.sender, source);
        _checkRole(MARKET_ROLE);
    }

    function _requireAccepted(address source, uint256 task, uint256 day) private view {
        uint256 from = startAt + day * DAY_S;
        if (!IAllianceSource(source).accepted(task, from, from + DAY_S)) revert NothingAccepted(source, task, day);
    }

    function _burn(uint256 amountWei) private {
        _burnedWei += amountWei;
        IFML(fml).burn(amountWei);
    }

    function _key(address source, uint256 task) private pure returns (bytes32) {
        return keccak256(abi.encode(source, task));
    }

    /// @dev A task's checkpoint: its stake, and what of 100 its power counts.
    function _parted(uint256 value) private pure returns (uint256 stakeGwei_, uint256 percent) {
        return (value & ((1 << STAKE_BITS) - 1), Shares.WHOLE + (value >> STAKE_BITS));
    }

    /// @dev A checkpoint of totals: the sum of stakes above the sum of powered stakes.
    function _packed(uint256 stakedGwei, uint256 powered) private pure returns (uint208) {
        return uint208((stakedGwei << POWERED_BITS) | powered);
    }

    function _unpacked(uint256 value) private pure returns (uint256 stakedGwei, uint256 powered) {
        return (value >> POWERED_BITS, value & ((1 << POWERED_BITS) - 1));
    }
}
