// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title A contract that calls another with whatever it is called with
contract Forwarder {
    address private immutable _target;

    /// @param target What to call.
    constructor(address target) {
        _target = target;
    }

    fallback() external {
        (bool done, bytes memory result) = _target.call(msg.data);
        assembly ("memory-safe") {
            if iszero(done) {
                revert(add(result, 0x20), mload(result))
            }
            return(add(result, 0x20), mload(result))
        }
    }
}
