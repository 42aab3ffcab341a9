// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/interfaces/IERC20Metadata.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

import {IDelegationPool, IPoolMarket} from "./IDelegationPool.sol";

/// @title The pool of one delegate's delegators in one task
/// @notice Documented in IDelegationPool. Deployed once, cloned for each pool: token and delay are the clones' too.
contract DelegationPool is IDelegationPool, ERC4626, Initializable {
    /// @dev An owner's wish to redeem; void `REDEEM_S` after `fromAt`.
    struct Request {
        uint216 shares; // what it may still redeem
        uint40 fromAt; // second
    }

    /// @notice Seconds between two changes of sigma at least.
    uint256 public constant SIGMA_S = 30 days;
    /// @notice Seconds before and after the end of the task in which sigma stays.
    uint256 public constant FREEZE_S = 2 days;
    /// @notice Seconds in which a request can be used.
    uint256 public constant REDEEM_S = 2 days;
    /// @notice Seconds that `withdrawalDelayS` is at most.
    uint256 public constant MAX_DELAY_S = 30 days;
    /// @notice A pool of which slashes left less than one part in this many takes no more deposits.
    uint256 public constant WORTHLESS = 1e9;

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IDelegationPool
    uint256 public immutable withdrawalDelayS;

    /// @inheritdoc IDelegationPool
    address public market;
    uint16 private _sigmaBps;
    uint16 private _formerSigmaBps; // before `_sigmaSetAt`
    uint40 private _sigmaSetAt;
    /// @inheritdoc IDelegationPool
    address public delegate;
    /// @inheritdoc IDelegationPool
    uint256 public task;
    mapping(address owner => Request) private _requests;

    /// @param fml The FML token.
    /// @param withdrawalDelayS_ Seconds between a request and its redemption, at most `MAX_DELAY_S`: at least as long as it
    /// can take from a misdeed to its slash.
    constructor(address fml, uint256 withdrawalDelayS_) ERC20("", "") ERC4626(IERC20(fml)) {
        if (withdrawalDelayS_ > MAX_DELAY_S) revert BadParameter("withdrawalDelayS", withdrawalDelayS_);
        withdrawalDelayS = withdrawalDelayS_;
        _disableInitializers();
    }

    /// @inheritdoc IDelegationPool
    function initialize(uint256 task_, address delegate_, uint256 sigmaBps_) external initializer {
        market = msg.sender;
        task = task_;
        delegate = delegate_;
        _setSigma(sigmaBps_, sigmaBps_);
    }

    // --- Delegators -------------------------------------------------------------------------------------------------

    /// @inheritdoc IDelegationPool
    function requestRedeem(uint256 shares) external {
        uint256 held = balanceOf(msg.sender);
        if (shares > held) revert TooManyShares(shares, held);
        uint256 fromAt = block.timestamp + withdrawalDelayS;
        _requests[msg.sender] = Request(uint216(shares), uint40(fromAt)); // maxDeposit bounds the supply
        emit RedeemRequested(msg.sender, shares, fromAt, fromAt + REDEEM_S);
    }

    /// @inheritdoc IDelegationPool
    function report() external {
        _report();
    }

    // --- The delegate and the market --------------------------------------------------------------------------------

    /// @inheritdoc IDelegationPool
    function setSigma(uint256 sigmaBps_) external {
        _require(delegate);
        uint256 needed = _sigmaSetAt + SIGMA_S;
        if (block.timestamp < needed) revert SigmaFrozen(block.timestamp, needed);
        uint256 endsAt = IPoolMarket(market).endsAt(task);
        bool frozen = block.timestamp + FREEZE_S >= endsAt && block.timestamp < endsAt + FREEZE_S;
        if (frozen) revert SigmaFrozen(block.timestamp, endsAt + FREEZE_S);
        _setSigma(sigmaBps_, _sigmaBps);
    }

    /// @inheritdoc IDelegationPool
    function slash(uint256 amountWei) external returns (uint256 assetsWei) {
        _require(market);
        assetsWei = totalAssets();
        if (amountWei > assetsWei) revert SlashTooHigh(amountWei, assetsWei);
        assetsWei -= amountWei;
        emit Slashed(amountWei, assetsWei);
        IERC20(asset()).transfer(msg.sender, amountWei);
    }

    // --- What is known ----------------------------------------------------------------------------------------------

    /// @inheritdoc IDelegationPool
    function sigmaBps() external view returns (uint256) {
        return _sigmaBps;
    }

    /// @inheritdoc IDelegationPool
    function sigmaBpsAt(uint256 second) external view returns (uint256) {
        return second < _sigmaSetAt ? _formerSigmaBps : _sigmaBps;
    }

    /// @inheritdoc IDelegationPool
    function requestOf(address owner) public view returns (uint256 shares, uint256 fromAt, uint256 untilAt) {
        Request storage request = _requests[owner];
        untilAt = request.fromAt + REDEEM_S;
        if (request.shares == 0 || block.timestamp >= untilAt) return (0, 0, 0);
        return (request.shares, request.fromAt, untilAt);
    }

    /// @inheritdoc IERC20Metadata
    function name() public pure override(ERC20, IERC20Metadata) returns (string memory) {
        return "Delegated FML";
    }

    /// @inheritdoc IERC20Metadata
    function symbol() public pure override(ERC20, IERC20Metadata) returns (string memory) {
        return "dFML";
    }

    /// @inheritdoc IERC20Metadata
    function decimals() public view override(ERC4626, IERC20Metadata) returns (uint8) {
        return super.decimals();
    }

    /// @notice Nothing once the task has ended, in a guardian's pause, nor where slashes left next to nothing of a share: shares would be counted in
    /// ever larger numbers. No limit else.
    function maxDeposit(address) public view override(ERC4626, IERC4626) returns (uint256) {
        bool ended = block.timestamp >= IPoolMarket(market).endsAt(task);
        bool worthless = totalSupply() / 10 ** _decimalsOffset() > (totalAssets() + 1) * WORTHLESS;
        return ended || worthless || IPoolMarket(market).paused() ? 0 : type(uint256).max;
    }

    /// @notice As `maxDeposit`.
    function maxMint(address receiver) public view override(ERC4626, IERC4626) returns (uint256) {
        return maxDeposit(receiver);
    }

    /// @notice The requested shares from `withdrawalDelayS` after the request on, for `REDEEM_S`; else 0.
    function maxRedeem(address owner) public view override(ERC4626, IERC4626) returns (uint256) {
        (uint256 shares, uint256 fromAt,) = requestOf(owner);
        return block.timestamp < fromAt ? 0 : shares;
    }

    // --- Steps that several calls share -----------------------------------------------------------------------------

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        // Or shares that somebody made dear would swallow it.
        if (shares == 0) revert NoShares(assets);
        super._deposit(caller, receiver, assets, shares);
        _report();
    }

    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        override
    {
        _requests[owner].shares -= uint216(shares);
        super._withdraw(caller, receiver, owner, assets, shares);
        _report();
    }

    /// @dev Shares in the queue stay where they are: else one matured request could serve one account after another.
    function _update(address from, address to, uint256 value) internal override {
        if (from != address(0) && to != address(0)) {
            (uint256 queued,,) = requestOf(from);
            uint256 held = balanceOf(from);
            if (queued > 0 && value + queued > held) revert SharesQueued(from, value, held - queued);
        }
        super._update(from, to, value);
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }

    function _setSigma(uint256 sigmaBps_, uint256 formerBps) private {
        if (sigmaBps_ > BPS) revert BadParameter("sigmaBps", sigmaBps_);
        (_sigmaBps, _formerSigmaBps, _sigmaSetAt) = (uint16(sigmaBps_), uint16(formerBps), uint40(block.timestamp));
        emit SigmaSet(sigmaBps_, block.timestamp);
    }

    function _report() private {
        IPoolMarket(market).onAssets(task, delegate, totalAssets());
    }

    function _require(address needed) private view {
        if (msg.sender != needed) revert NotAllowed(msg.sender, needed);
    }
}
