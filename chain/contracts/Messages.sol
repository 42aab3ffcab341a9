// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title The typed messages that nodes sign (EIP-712)
/// @notice A `Frame` is a message laid out in memory once for a whole batch: each record changes only its own fields
/// and is hashed in place, which is what makes a verified message cost little more than its `ecrecover`.
library Messages {
    bytes32 internal constant PROPOSAL = keccak256("Proposal(uint256 task,uint32 round,bytes32 update)");
    bytes32 internal constant COMMITMENT =
        keccak256("Commitment(uint256 task,uint32 round,bytes32 motion,bytes32 commitment)");
    bytes32 internal constant VOTE =
        keccak256("Vote(uint256 task,uint32 round,bytes32 motion,uint32 scoreOld,uint32 scoreNew)");
    bytes32 internal constant SCORES = keccak256("Scores(uint256 task,uint32 round,bytes32 motion,bytes32 content)");
    bytes32 internal constant LEAVE = keccak256("Leave(uint256 task)");

    /// @notice Memory address of a message: its type and fields, one word each, then what `ecrecover` takes, then
    /// what is signed: 0x1901, domain, struct hash.
    type Frame is uint256;

    uint256 private constant SIGNED = 320; // after six words of type and fields and four of input
    uint256 private constant SIZE = 416; // SIGNED and 66 bytes, in whole words

    /// @return f A frame of a message with this type and task; fields from the third word on are to be written.
    function frame(bytes32 domain, bytes32 typeHash, uint256 task, uint256 round) internal pure returns (Frame f) {
        assembly ("memory-safe") {
            f := mload(0x40)
            mstore(0x40, add(f, SIZE))
            mstore(f, typeHash)
            mstore(add(f, 0x20), task)
            mstore(add(f, 0x40), round)
            mstore(add(f, SIGNED), shl(240, 0x1901))
            mstore(add(f, add(SIGNED, 2)), domain)
        }
    }

    /// @notice Write `value` as word `index` of the message; type, task and round are words 0, 1 and 2.
    function put(Frame f, uint256 index, uint256 value) internal pure {
        assembly ("memory-safe") {
            mstore(add(f, shl(5, index)), value)
        }
    }

    /// @notice Write the fields of a proposal, a commitment or a vote; the `value` of a vote of the published rule is
    /// scoreOld << 32 | scoreNew.
    /// @return The words of the message.
    function putStatement(Frame f, bytes32 typeHash, bytes32 motion, bytes32 value) internal pure returns (uint256) {
        if (typeHash == PROPOSAL) {
            put(f, 3, uint256(value));
            return 4;
        }
        put(f, 3, uint256(motion));
        if (typeHash == VOTE) {
            put(f, 4, uint256(value) >> 32);
            put(f, 5, uint32(uint256(value)));
            return 6;
        }
        put(f, 4, uint256(value));
        return 5;
    }

    /// @return signer Who signed the message of `words` words, or zero. Of the two s of a signature EIP-2098 leaves
    /// the one below 2^255; that it could still be the higher one has a chance of 2^-128.
    function recover(Frame f, uint256 words, bytes32 r, bytes32 vs) internal pure returns (address signer) {
        bytes32 structHash;
        assembly ("memory-safe") {
            structHash := keccak256(f, shl(5, words))
            mstore(add(f, add(SIGNED, 34)), structHash)
            structHash := keccak256(add(f, SIGNED), 66)
        }
        return ecrecover(structHash, uint8(27 + (uint256(vs) >> 255)), r, (vs << 1) >> 1);
    }
}
