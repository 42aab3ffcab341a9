// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

/// @title What a delegation pool asks and tells the market that made it
interface IPoolMarket {
    /// @notice The assets of the caller, the pool of `delegate` in `task`, are now `assetsWei`, after a deposit, a redemption or
    /// a `report`. What the market itself does, by `slash` or by sending a reward, is not told back.
    /// @dev The market must check that the caller is that pool.
    function onAssets(uint256 task, address delegate, uint256 assetsWei) external;

    /// @notice Second at which a task ends, or ended. From then on pools take no deposits.
    function endsAt(uint256 task) external view returns (uint256);

    /// @notice Whether a guardian has stopped what brings money in: pools take no deposits.
    function paused() external view returns (bool);
}

/// @title What delegators have put behind one delegate in one task
/// @notice An ERC-4626 vault over FML, a clone for each (task, delegate), made by the market. Its assets are its balance: a reward
/// is a plain transfer, which costs the same whatever the number of delegators, and a slash takes from all in proportion.
/// Shares have 24 decimals: 1e6 virtual shares, which belong to nobody, make it dearer to spoil a pool than it costs its
/// delegators. Do not send rewards to a pool without shares: they would go to the virtual ones.
///
/// Redeeming takes a request, `withdrawalDelayS` of waiting and a call in the `REDEEM_S` after that. Requested shares earn and
/// are slashed until they are redeemed, and cannot be transferred; a request that was not used in time is void.
interface IDelegationPool is IERC4626 {
    /// @notice `owner` may redeem `shares` from second `fromAt` to second `untilAt`; an earlier request is replaced.
    event RedeemRequested(address indexed owner, uint256 shares, uint256 fromAt, uint256 untilAt);
    /// @notice The market took `amountWei`; `assetsWei` are left.
    event Slashed(uint256 amountWei, uint256 assetsWei);
    /// @notice The delegate's part of what the pool's stake earns is `sigmaBps` of 10,000 from second `fromAt` on.
    event SigmaSet(uint256 sigmaBps, uint256 fromAt);

    /// @notice Only `needed` may do this.
    error NotAllowed(address caller, address needed);
    /// @notice A parameter is out of its range.
    error BadParameter(string name, uint256 given);
    /// @notice A request names more shares than its owner has.
    error TooManyShares(uint256 given, uint256 held);
    /// @notice Shares that are requested for redemption stay: only `free` of them can be transferred.
    error SharesQueued(address owner, uint256 given, uint256 free);
    /// @notice A deposit of so little buys no share.
    error NoShares(uint256 assetsWei);
    /// @notice A slash is above what there is.
    error SlashTooHigh(uint256 givenWei, uint256 assetsWei);
    /// @notice sigma cannot change before second `needed`.
    error SigmaFrozen(uint256 nowAt, uint256 needed);

    /// @notice Begin as the pool of `delegate` in `task`; once, in the transaction that clones it: the caller is its market.
    /// @param sigmaBps_ The delegate's part, of 10,000.
    function initialize(uint256 task_, address delegate_, uint256 sigmaBps_) external;

    /// @notice Ask to redeem `shares` of the caller's, in all: this replaces an earlier request, and 0 takes it back.
    function requestRedeem(uint256 shares) external;

    /// @notice Send `amountWei` of the assets to the market; only the market.
    /// @return assetsWei What is left.
    function slash(uint256 amountWei) external returns (uint256 assetsWei);

    /// @notice Set the delegate's part from now on; only the delegate, at most once in `SIGMA_S`, not within `FREEZE_S` of the end
    /// of its task.
    function setSigma(uint256 sigmaBps_) external;

    /// @notice Tell the market what the assets are now, after somebody sent FML here; anybody.
    function report() external;

    /// @notice The market that made this pool.
    function market() external view returns (address);
    /// @notice The task.
    function task() external view returns (uint256);
    /// @notice Whose stake it adds to.
    function delegate() external view returns (address);
    /// @notice The delegate's part now, of 10,000.
    function sigmaBps() external view returns (uint256);
    /// @notice The delegate's part at `second`, which a settlement of what was earned then should use: a change does not
    /// reach back. Right for the last `SIGMA_S`.
    function sigmaBpsAt(uint256 second) external view returns (uint256);
    /// @notice Seconds between a request and its redemption.
    function withdrawalDelayS() external view returns (uint256);
    /// @notice What an owner has asked to redeem, and when it may; all 0 where there is no request, or it is void.
    function requestOf(address owner) external view returns (uint256 shares, uint256 fromAt, uint256 untilAt);
}
