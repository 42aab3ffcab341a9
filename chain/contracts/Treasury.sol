// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title The DAO's treasury
/// @notice Holds FML, and whatever else is sent to it. The timelock spends; the DAO's contract pays proposal rewards, and
/// nothing else.
contract Treasury {
    using SafeERC20 for IERC20;

    /// @notice The token of the rewards.
    IERC20 public immutable fml;
    /// @notice Who may spend: the DAO's timelock.
    address public immutable timelock;
    /// @notice Who may have rewards paid: the DAO's contract.
    address public immutable dao;

    /// @notice A proposal spent `amountWei` of `token`.
    event Spent(address indexed token, address indexed to, uint256 amountWei);
    /// @notice A passed proposal's author was paid.
    event Rewarded(address indexed proposer, uint256 amountWei);

    /// @notice `caller` may not do this, `needed` may.
    error NotAllowed(address caller, address needed);

    constructor(address fml_, address timelock_, address dao_) {
        (fml, timelock, dao) = (IERC20(fml_), timelock_, dao_);
    }

    /// @notice Pay `amountWei` of `token`; only the timelock.
    function spend(address token, address to, uint256 amountWei) external {
        if (msg.sender != timelock) revert NotAllowed(msg.sender, timelock);
        emit Spent(token, to, amountWei);
        IERC20(token).safeTransfer(to, amountWei);
    }

    /// @notice Pay a proposer `amountWei`, or what there is where that is less; only the DAO's contract.
    function reward(address proposer, uint256 amountWei) external returns (uint256 paidWei) {
        if (msg.sender != dao) revert NotAllowed(msg.sender, dao);
        uint256 held = fml.balanceOf(address(this));
        paidWei = amountWei < held ? amountWei : held;
        if (paidWei == 0) return 0;
        emit Rewarded(proposer, paidWei);
        fml.safeTransfer(proposer, paidWei);
    }
}
