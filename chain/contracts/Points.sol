// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IBraked} from "./IBraked.sol";

/// @title Points, for a consortium that wants no token
/// @notice Stakes, rewards and slashes as with FML, by the same contracts. Between holders nothing moves: points go into a
/// contract of the protocol, as a stake or into a task's pool, and come out of one; only such a contract can burn them. Who holds `MINTER_ROLE`, by custom the
/// contract of the consortium, creates them; who holds `DEFAULT_ADMIN_ROLE` names the protocol's contracts and then renounces.
/// Nodes sign stakes as for FML: the domain of their signatures has its name, and this contract's address.
contract Points is ERC20, ERC20Burnable, ERC20Capped, EIP712, ERC3009, AccessControl, IBraked {
    /// @notice Most points that can ever exist, in wei: as many as FML, so that the same amounts fit everywhere.
    uint256 public constant CAP_WEI = 1_000_000_000 ether;

    /// @inheritdoc IBraked
    /// @dev No DAO stops what a consortium does.
    address public constant brake = address(0);

    /// @notice May create points.
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");

    /// @notice A contract of the protocol, from and to which points move.
    bytes32 public constant PROTOCOL_ROLE = keccak256("PROTOCOL_ROLE");

    /// @notice Points do not move between holders: neither `from` nor `to` is a contract of the protocol.
    error NotTransferable(address from, address to);
    /// @notice A contract of the protocol must be a contract.
    error NotContract(address account);

    constructor() ERC20("FL Alliance points", "POINTS") ERC20Capped(CAP_WEI) EIP712("FML", "1") {
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
    }

    /// @notice Create `amountWei` for `account`; only `MINTER_ROLE`, never above the cap.
    function mint(address account, uint256 amountWei) external onlyRole(MINTER_ROLE) {
        _mint(account, amountWei);
    }

    function _grantRole(bytes32 role, address account) internal override returns (bool) {
        if (role == PROTOCOL_ROLE && account.code.length == 0) revert NotContract(account);
        return super._grantRole(role, account);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Capped) {
        bool isCreated = from == address(0);
        if (!isCreated && !hasRole(PROTOCOL_ROLE, from) && !hasRole(PROTOCOL_ROLE, to)) revert NotTransferable(from, to);
        super._update(from, to, value);
    }
}
