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

    /// @notice A chunk in memory, and which one.
    struct Reader {
        uint256 task; // of this task
        uint256 members; // that has as many members
        uint256 chunk; // which chunk is loaded, from 1; 0: none
        uint256 pos; // memory address of its first address
    }

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

    /// @return A reader of the addresses of a task with `members` members.
    function reader(uint256 task, uint256 members) internal pure returns (Reader memory) {
        uint256 pos;
        uint256 size = (20 * _count(0, members) + 63) & ~uint256(31); // the last one's word ends in the next
        assembly ("memory-safe") {
            pos := mload(0x40)
            mstore(0x40, add(pos, size))
        }
        return Reader(task, members, 0, pos);
    }

    /// @return node The address of `member`, which is below `members`.
    function get(Reader memory self, uint256 member) internal view returns (address node) {
        unchecked {
            uint256 chunk = member >> LOG_CHUNK;
            if (self.chunk != chunk + 1) _load(self, chunk);
            uint256 pos = self.pos + 20 * (member & (CHUNK - 1));
            assembly ("memory-safe") {
                node := shr(96, mload(pos))
            }
        }
    }

    function _load(Reader memory self, uint256 chunk) private view {
        uint256 count = _count(chunk, self.members);
        address code = Create3.computeAddress(_salt(self.task, chunk, count));
        uint256 pos = self.pos;
        assembly ("memory-safe") {
            extcodecopy(code, pos, 1, mul(20, count))
        }
        self.chunk = chunk + 1;
    }

    function _count(uint256 chunk, uint256 members) private pure returns (uint256) {
        uint256 rest = members - (chunk << LOG_CHUNK);
        return rest < CHUNK ? rest : CHUNK;
    }

    function _salt(uint256 task, uint256 chunk, uint256 count) private pure returns (bytes32) {
        return keccak256(abi.encode(task, chunk, count));
    }
}
