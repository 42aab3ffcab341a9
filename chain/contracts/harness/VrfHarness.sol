// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Vrf} from "../Vrf.sol";
import {VrfPlain} from "./VrfPlain.sol";

/// @title What the tests call to reach the VRF verifier
contract VrfHarness {
    /// @notice `Vrf.verify`, as a call or, to measure it, as a transaction.
    function verify(uint256 publicX, bytes32 input, Vrf.Proof calldata proof) external view returns (bytes32 beta) {
        return Vrf.verify(publicX, input, proof);
    }

    /// @notice The same rule without assembly.
    function verifyPlain(uint256 publicX, bytes32 input, Vrf.Proof calldata proof)
        external
        pure
        returns (bytes32 beta)
    {
        return VrfPlain.verify(publicX, input, proof);
    }

    /// @notice `Vrf.alpha` for this contract.
    function alpha(uint8 tag, uint256 taskId, uint32 round, address node, bytes32 seed)
        external
        view
        returns (bytes32)
    {
        return Vrf.alpha(tag, taskId, round, node, seed);
    }

    /// @notice `Vrf.MAX_CANDIDATES`.
    function maxCandidates() external pure returns (uint256) {
        return Vrf.MAX_CANDIDATES;
    }
}
