// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";

import {IFML} from "./IFML.sol";

/// @title The till of one model
/// @notice An address that a call can be paid to like any other, so that an x402 payment needs to know nothing of how it is
/// split: whatever FML it holds, Revenue takes and splits. Deployed once, cloned for each model.
contract Till is Initializable {
    /// @notice Who takes what is in it.
    address public revenue;

    /// @notice `caller` may not do this, `needed` may.
    error NotAllowed(address caller, address needed);

    constructor() {
        _disableInitializers();
    }

    /// @notice Let the caller take what comes in.
    function initialize() external initializer {
        revenue = msg.sender;
    }

    /// @notice Hand over all FML that it holds; only Revenue.
    function empty(IFML fml) external returns (uint256 amountWei) {
        if (msg.sender != revenue) revert NotAllowed(msg.sender, revenue);
        amountWei = fml.balanceOf(address(this));
        if (amountWei > 0) fml.transfer(msg.sender, amountWei);
    }
}
