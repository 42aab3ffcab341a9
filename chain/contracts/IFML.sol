// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";

/// @title What the emission does with FML; it reverts where it does not do it
interface IFML is IERC20 {
    /// @notice Release `amountWei` to `account`; only `MINTER_ROLE`.
    function mint(address account, uint256 amountWei) external;

    /// @notice Destroy `amountWei` of the caller's.
    function burn(uint256 amountWei) external;
}
