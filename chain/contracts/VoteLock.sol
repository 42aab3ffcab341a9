// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title FML locked to vote
/// @notice One FML locked is one vote of who locked it, or of whom it names with `delegate`; votes are checkpointed by the
/// second and can be neither transferred nor lent. They end when it is asked back, and the FML come `unlockDelayS` later:
/// who votes still owns what the vote did to its worth.
contract VoteLock is Votes {
    /// @dev FML asked back.
    struct Leaving {
        uint208 amountWei;
        uint48 fromAt; // second from which they can be taken
    }

    /// @notice Seconds that the delay is at most.
    uint256 public constant MAX_DELAY_S = 60 days;

    /// @notice The token.
    IERC20 public immutable fml;
    /// @notice Who may set the delay: the DAO's timelock.
    address public immutable dao;
    /// @notice Seconds from asking FML back to taking them.
    uint256 public unlockDelayS;

    mapping(address account => uint256) private _lockedWei;
    mapping(address account => Leaving) private _leaving;

    /// @notice `account` has locked FML, and votes with them from now on.
    event Locked(address indexed account, uint256 amountWei);
    /// @notice `account` has asked FML back, and votes with them no more.
    event UnlockRequested(address indexed account, uint256 amountWei, uint256 fromAt);
    /// @notice `account` has taken FML back.
    event Withdrawn(address indexed account, uint256 amountWei);
    /// @notice The delay of later requests.
    event UnlockDelaySet(uint256 delayS);

    /// @notice `caller` may not do this, `needed` may.
    error NotAllowed(address caller, address needed);
    /// @notice Nothing, more than there is, or a delay out of range.
    error BadAmount(uint256 given, uint256 most);
    /// @notice What was asked back can be taken from second `fromAt` on.
    error NotUnlocked(uint256 fromAt);

    /// @param fml_ The FML token.
    /// @param dao_ The DAO's timelock.
    /// @param unlockDelayS_ Seconds, at most `MAX_DELAY_S`.
    constructor(address fml_, address dao_, uint256 unlockDelayS_) EIP712("FML vote lock", "1") {
        (fml, dao) = (IERC20(fml_), dao_);
        _setDelay(unlockDelayS_);
    }

    /// @notice Lock `amountWei`, which takes an allowance. Who has named nobody votes itself.
    function lock(uint256 amountWei) external {
        if (amountWei == 0) revert BadAmount(0, type(uint208).max);
        if (delegates(msg.sender) == address(0)) _delegate(msg.sender, msg.sender);
        _lockedWei[msg.sender] += amountWei;
        _transferVotingUnits(address(0), msg.sender, amountWei);
        emit Locked(msg.sender, amountWei);
        fml.transferFrom(msg.sender, address(this), amountWei);
    }

    /// @notice Ask `amountWei` back. What was asked for before and not taken comes with it, and waits as long.
    function requestUnlock(uint256 amountWei) external {
        uint256 held = _lockedWei[msg.sender];
        if (amountWei == 0 || amountWei > held) revert BadAmount(amountWei, held);
        _lockedWei[msg.sender] = held - amountWei;
        _transferVotingUnits(msg.sender, address(0), amountWei);
        Leaving storage leaving = _leaving[msg.sender];
        uint256 fromAt = block.timestamp + unlockDelayS;
        (leaving.amountWei, leaving.fromAt) = (leaving.amountWei + uint208(amountWei), uint48(fromAt));
        emit UnlockRequested(msg.sender, amountWei, fromAt);
    }

    /// @notice Take what was asked back, once its delay is over.
    function withdraw() external returns (uint256 amountWei) {
        Leaving memory leaving = _leaving[msg.sender];
        if (leaving.amountWei == 0) revert BadAmount(0, 0);
        if (block.timestamp < leaving.fromAt) revert NotUnlocked(leaving.fromAt);
        delete _leaving[msg.sender];
        amountWei = leaving.amountWei;
        emit Withdrawn(msg.sender, amountWei);
        fml.transfer(msg.sender, amountWei);
    }

    /// @notice Set the delay of later requests; only `dao`.
    function setUnlockDelay(uint256 delayS) external {
        if (msg.sender != dao) revert NotAllowed(msg.sender, dao);
        _setDelay(delayS);
    }

    /// @notice What `account` has locked, in wei.
    function lockedWei(address account) external view returns (uint256) {
        return _lockedWei[account];
    }

    /// @notice What `account` has asked back and not taken, in wei, and the second from which it can be taken.
    function leavingOf(address account) external view returns (uint256 amountWei, uint256 fromAt) {
        return (_leaving[account].amountWei, _leaving[account].fromAt);
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

    function _getVotingUnits(address account) internal view override returns (uint256) {
        return _lockedWei[account];
    }

    function _setDelay(uint256 delayS) private {
        if (delayS > MAX_DELAY_S) revert BadAmount(delayS, MAX_DELAY_S);
        unlockDelayS = delayS;
        emit UnlockDelaySet(delayS);
    }
}
