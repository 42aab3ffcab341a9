// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";

/// @title Members' addresses as code
/// @notice Reading 256 addresses from code costs 3,300 gas, from storage 540,000. Members are only ever added, so a
/// chunk's content follows from how many it holds; its address follows from task, chunk and that number, so that no
/// pointer is stored. Adding a member rewrites its chunk.
library Roster {
    /// @notice Addresses in one piece of code.
    uint256 internal constant CHUNK = 256;

    uint256 private constant LOG_CHUNK = 8;

    /// @notice Write the chunks that hold members `from`..`members`-1 of `nodes`.
    function write(uint256 task, mapping(uint256 => address) storage nodes, uint256 from, uint256 members) internal {
        for (uint256 first = (from >> LOG_CHUNK) << LOG_CHUNK; first < members; first += CHUNK) {
            uint256 count = _count(first >> LOG_CHUNK, members);
            // PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN; then the code, which begins with STOP
            bytes memory code = abi.encodePacked(
                hex"61", uint16(20 * count + 1), hex"80600a5f395ff300", new bytes(20 * count)
            );
            for (uint256 i = 0; i < count; ++i) {
                uint256 node = uint160(nodes[first + i]);
                assembly ("memory-safe") {
                    let pos := add(add(code, 43), mul(i, 20)) // 32 of length, 11 before the first address
                    mstore(pos, or(shl(96, node), shr(160, shl(160, mload(pos)))))
                }
            }
            Create3.deploy(0, _salt(task, first >> LOG_CHUNK, count), code);
        }
    }

    /// @return roster Memory address of the addresses of `members` members, 20 bytes each.
    function load(uint256 task, uint256 members) internal view returns (uint256 roster) {
        assembly ("memory-safe") {
            roster := mload(0x40)
            mstore(0x40, add(roster, and(add(mul(members, 20), 63), not(31)))) // the last one's word ends in the next
        }
        unchecked {
            for (uint256 first = 0; first < members; first += CHUNK) {
                uint256 count = _count(first >> LOG_CHUNK, members);
                address code = Create3.computeAddress(_salt(task, first >> LOG_CHUNK, count));
                assembly ("memory-safe") {
                    extcodecopy(code, add(roster, mul(first, 20)), 1, mul(count, 20))
                }
            }
        }
    }

    /// @return node The address of `member` in a loaded roster that holds it.
    function get(uint256 roster, uint256 member) internal pure returns (address node) {
        assembly ("memory-safe") {
            node := shr(96, mload(add(roster, mul(member, 20))))
        }
    }

    function _count(uint256 chunk, uint256 members) private pure returns (uint256) {
        unchecked {
            uint256 rest = members - (chunk << LOG_CHUNK);
            return rest < CHUNK ? rest : CHUNK;
        }
    }

    function _salt(uint256 task, uint256 chunk, uint256 count) private pure returns (bytes32) {
        return bytes32((task << 32) | (chunk << 16) | count); // tasks are counted and never reach 2^224
    }
}
