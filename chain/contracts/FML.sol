// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IBrake} from "./IBrake.sol";
import {IBraked} from "./IBraked.sol";

/// @title FML, the token of the federation
/// @notice ERC-20 with 18 decimals and a hard cap; EIP-2612 permits; votes checkpointed by timestamp; ERC-3009
/// transfers by signature, whose nonces are random so that a node may have several outstanding.
/// What is not released is not minted: the holder of `MINTER_ROLE` (an emission contract) mints what it releases.
/// Whoever holds FML may burn it, which lowers the supply.
contract FML is ERC20, ERC20Burnable, ERC20Capped, ERC20Permit, ERC20Votes, ERC3009, AccessControl, IBraked {
    /// @notice Most FML that can ever exist, in wei.
    uint256 public constant CAP_WEI = 1_000_000_000 ether;

    /// @notice May mint up to the cap; granted and revoked by `DEFAULT_ADMIN_ROLE`, which the deployer holds first.
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");

    /// @inheritdoc IBraked
    address public brake;

    /// @notice What takes FML in asks `brake` from now on, for good.
    event BrakeSet(address indexed brake);
    /// @notice There is a brake already.
    error BrakeThere(address brake);

    /// @param initialSupplyWei Minted to the deployer, in wei, at most the cap; zero on a network with an emission.
    constructor(uint256 initialSupplyWei) ERC20("FML", "FML") ERC20Capped(CAP_WEI) ERC20Permit("FML") {
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
        if (initialSupplyWei > 0) _mint(msg.sender, initialSupplyWei);
    }

    /// @notice Release `amountWei` to `account`; only `MINTER_ROLE`, never above the cap.
    function mint(address account, uint256 amountWei) external onlyRole(MINTER_ROLE) {
        _mint(account, amountWei);
    }

    /// @notice Name the emergency brake, once; only `DEFAULT_ADMIN_ROLE`. It stops no transfer: those who take FML in ask it.
    function setBrake(address brake_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (brake != address(0)) revert BrakeThere(brake);
        IBrake(brake_).pausedUntil(); // what gives no answer would stop whoever asks it for good
        brake = brake_;
        emit BrakeSet(brake_);
    }

    /// @notice The clock of the votes: seconds since 1970 (ERC-6372).
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    /// @notice ERC-6372's description of `clock`.
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @notice The next nonce of `owner` for permits and for delegations by signature, which share one sequence.
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Capped, ERC20Votes) {
        super._update(from, to, value);
    }
}
