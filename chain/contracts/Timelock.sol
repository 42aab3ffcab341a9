// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title The DAO's time lock
/// @notice OpenZeppelin's, which owns every role of every contract. `admin` deploys the DAO, grants it the roles of
/// proposer, canceller and executor, and then renounces its own.
contract Timelock is TimelockController {
    /// @notice Seconds that the delay is at most: no proposal can put all others off for good.
    uint256 public constant MAX_DELAY_S = 30 days;

    /// @notice A delay of `givenS` seconds is above `mostS`.
    error DelayTooLong(uint256 givenS, uint256 mostS);

    constructor(uint256 minDelayS, address admin)
        TimelockController(minDelayS, new address[](0), new address[](0), admin)
    {}

    /// @inheritdoc TimelockController
    function updateDelay(uint256 newDelay) public override {
        if (newDelay > MAX_DELAY_S) revert DelayTooLong(newDelay, MAX_DELAY_S);
        super.updateDelay(newDelay);
    }
}
