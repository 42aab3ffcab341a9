// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title The DAO's time lock
/// @notice OpenZeppelin's, which owns every role of every contract. `admin` deploys the DAO, grants it the roles of
/// proposer, canceller and executor, and then renounces its own.
contract Timelock is TimelockController {
    constructor(uint256 minDelayS, address admin)
        TimelockController(minDelayS, new address[](0), new address[](0), admin)
    {}
}
