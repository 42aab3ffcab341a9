// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A contract for the node's own tests: it does a little of everything an EVM has to get right.
/// probe.json is its output of solc 0.8 (optimizer 200 runs, prague, no metadata hash).
contract Probe {
    struct Entry {
        uint128 stake;
        uint64 round;
        bool open;
    }

    error RoundNotOpen(uint256 task, uint64 round, bytes32 digest);

    event Worked(address indexed sender, uint256 indexed round, bytes32 digest, string note);

    mapping(address => Entry) public entries;
    mapping(uint256 => bytes32) public digests;
    uint256[] public values;
    bytes32 public immutable origin;
    bytes32 transient lock;

    constructor(bytes32 origin_) payable {
        origin = origin_;
    }

    receive() external payable {}

    /// A storage and keccak mix like a settlement's: packed structs, mappings, an array, checked arithmetic.
    function work(uint256 count, uint256 slots) external returns (bytes32 digest) {
        require(lock == 0, "reentered");
        lock = bytes32(uint256(1));
        digest = origin;
        uint256 total;
        for (uint256 i = 0; i < count; ++i) {
            digest = keccak256(abi.encode(digest, i, msg.sender));
            total += (uint256(digest) % 1000) * (i + 1) / 3;
            if (i < slots) {
                digests[i] = digest;
            }
        }
        Entry storage entry = entries[msg.sender];
        entry.stake += uint128(total);
        entry.round += 1;
        entry.open = !entry.open;
        values.push(total);
        emit Worked(msg.sender, entry.round, digest, "settled");
        lock = 0;
    }

    function fail(uint256 kind) external view returns (uint256) {
        if (kind == 0) {
            revert("stake too low");
        }
        if (kind == 1) {
            revert RoundNotOpen(7, 3, keccak256("model"));
        }
        if (kind == 2) {
            return kind - 3;
        }
        if (kind == 3) {
            assembly {
                revert(0, 0)
            }
        }
        if (kind == 4) {
            assembly {
                invalid()
            }
        }
        return values[kind];
    }

    function failAfterWriting() external {
        values.push(1);
        revert RoundNotOpen(1, 2, bytes32(uint256(3)));
    }

    function clear(uint256 slots) external {
        for (uint256 i = 0; i < slots; ++i) {
            delete digests[i];
        }
    }

    function recover(bytes32 digest, uint8 v, bytes32 r, bytes32 s, uint256 times) external pure returns (address who) {
        for (uint256 i = 0; i < times; ++i) {
            who = ecrecover(digest, v, r, s);
        }
    }

    /// Needs far more gas than it uses: each level keeps a 64th back.
    function dive(uint256 depth) external returns (uint256) {
        if (depth == 0) {
            for (uint256 i = 0; i < 40; ++i) {
                digests[1000 + i] = bytes32(i + 1);
            }
            return 1;
        }
        return this.dive(depth - 1) + 1;
    }

    function tryFail(uint256 kind) external view returns (bytes memory data) {
        try this.fail(kind) {}
        catch (bytes memory reason) {
            data = reason;
        }
    }

    function spawn(bytes32 salt) external returns (address child) {
        child = address(new Child{salt: salt}(msg.sender));
    }

    function pay(address payable to, uint256 amount) external {
        (bool sent,) = to.call{value: amount}("");
        require(sent, "not paid");
    }

    function digestOf(bytes calldata data) external pure returns (bytes32, bytes32, bytes memory) {
        return (keccak256(data), sha256(data), abi.encodePacked(data, ripemd160(data)));
    }

    function where() external view returns (uint256, uint256, uint256, address, bytes32, uint256) {
        return (block.chainid, block.number, block.timestamp, block.coinbase, blockhash(block.number - 1), block.basefee);
    }

    function arithmetic(uint256 a, uint256 b, uint256 c) external pure returns (uint256[12] memory out) {
        unchecked {
            int256 sa = int256(a);
            int256 sb = int256(b);
            out[0] = a * b;
            out[1] = b == 0 ? 0 : a / b;
            out[2] = sb == 0 ? int256(0) == sa ? 1 : 2 : uint256(sa / sb);
            out[3] = sb == 0 ? 0 : uint256(sa % sb);
            out[4] = c == 0 ? 0 : addmod(a, b, c);
            out[5] = c == 0 ? 0 : mulmod(a, b, c);
            out[6] = a ** (b % 512);
            out[7] = sa < sb ? 1 : 0;
            out[8] = uint256(sa >> (b % 300));
            out[9] = a << (b % 300);
            out[10] = uint256(int256(int16(int256(a))));
            out[11] = uint256(uint8(bytes32(a)[b % 32]));
        }
    }
}

contract Child {
    address public immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }
}
