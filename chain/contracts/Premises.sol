// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What a proposal takes for granted
/// @notice A call that sets one of several terms writes the others back as they were when it was proposed. Behind a premise
/// it is made only while they are still that, so that of two such proposals the second cannot undo the first.
abstract contract Premises {
    /// @notice `target` answers `question` otherwise than when the proposal was made.
    error PremiseChanged(address target, bytes question);

    /// @notice Refuse, and with it every other call of a proposal, unless a view still gives the same; changes nothing.
    /// @param question The view's calldata.
    /// @param answer keccak256 of what it returned when the proposal was made.
    function requireAnswer(address target, bytes calldata question, bytes32 answer) external view {
        (bool done, bytes memory found) = target.staticcall(question);
        if (!done || keccak256(found) != answer) revert PremiseChanged(target, question);
    }
}
