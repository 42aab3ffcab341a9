// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What the tests call to reach the VRF verifier as a transaction
contract VrfHarness {
    /// @notice The `alpha` that a contract derives for itself from the fields of a draw.
    function alphaOf(uint8 tag, uint256 taskId, uint32 round, address node, bytes32 seed)
        external
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(address(this), block.chainid, tag, taskId, round, node, seed));
    }
}
