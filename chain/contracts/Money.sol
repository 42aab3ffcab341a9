// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IAlliance} from "./IAlliance.sol";
import {Header} from "./Task.sol";

/// @title Between wei outside and whole gwei inside; FML reverts where it does not transfer
library Money {
    uint256 internal constant WEI_PER_GWEI = 1e9;

    uint256 private constant BPS = 10_000;

    /// @return The same amount in gwei, which must be whole.
    function gwei_(uint256 amountWei) internal pure returns (uint256) {
        if (amountWei % WEI_PER_GWEI != 0) revert IAlliance.NotWholeGwei(amountWei);
        return amountWei / WEI_PER_GWEI;
    }

    /// @notice Take `amountWei` from the caller, who has allowed it.
    function pull(address fml, uint256 amountWei) internal {
        if (amountWei > 0) IERC20(fml).transferFrom(msg.sender, address(this), amountWei);
    }

    /// @notice Send `amountGwei` to `account`; the books are closed already.
    function pay(address fml, address account, uint256 amountGwei) internal {
        if (amountGwei == 0) revert IAlliance.NothingThere();
        emit IAlliance.Withdrawn(account, amountGwei * WEI_PER_GWEI);
        IERC20(fml).transfer(account, amountGwei * WEI_PER_GWEI);
    }

    /// @notice Credit the caller with its part of a slash; divided last, rounded down: the rest stays in the pool.
    function payBounty(mapping(address => uint256) storage credits, Header h, uint256 slashedGwei)
        internal
        returns (uint256 bountyGwei)
    {
        bountyGwei = slashedGwei * h.bountyBps() / BPS;
        if (bountyGwei > 0) credits[msg.sender] += bountyGwei;
    }
}
