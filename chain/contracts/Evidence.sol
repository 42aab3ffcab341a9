// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IAlliance} from "./IAlliance.sol";
import {IEvidence} from "./IEvidence.sol";
import {IFML} from "./IFML.sol";
import {Messages} from "./Messages.sol";

/// @title A coordinator's transcripts and the bond behind them
/// @notice Documented in IEvidence; the reference is `chain/rules/evidence.py`.
contract Evidence is IEvidence, EIP712 {
    using SafeERC20 for IFML;

    /// @notice Levels of a transcript's tree: 4 kinds of 1,024 places.
    uint256 public constant DEPTH = 12;
    /// @notice Roots in one batch at most.
    uint256 public constant MAX_BATCH = 256;
    /// @notice Shortest time for challenges, in seconds.
    uint256 public constant MIN_WINDOW_S = 1 hours;
    /// @notice Longest time for challenges, in seconds.
    uint256 public constant MAX_WINDOW_S = 90 days;
    /// @notice Part of the bond that goes to who proves a lie, of 10,000, rounded down; the rest is burned.
    uint256 public constant REWARD_BPS = 5_000;

    uint256 private constant BPS = 10_000;
    uint256 private constant MEMBERS = 1 << 10;
    bytes32 private constant TRANSCRIPT = keccak256("Transcript(uint256 task,uint32 round,bytes32 root)");
    bytes32 private constant RECEIPT =
        keccak256("Receipt(uint256 task,uint32 round,uint8 kind,uint16 member,bytes32 value)");

    /// @inheritdoc IEvidence
    address public immutable alliance;
    /// @inheritdoc IEvidence
    address public immutable fml;
    /// @dev What members' signatures for the Alliance are bound to.
    bytes32 private immutable _allianceDomain;

    mapping(uint256 task => Bond) private _bonds;
    /// @inheritdoc IEvidence
    mapping(uint256 task => mapping(uint32 batch => bytes32)) public batchDigest;

    /// @param alliance_ The Alliance, of either rule.
    /// @param fml_ Its token.
    constructor(address alliance_, address fml_) EIP712("FL Alliance Evidence", "1") {
        (alliance, fml) = (alliance_, fml_);
        _allianceDomain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("FL Alliance"),
                keccak256("1"),
                block.chainid,
                alliance_
            )
        );
    }

    // --- The coordinator --------------------------------------------------------------------------------------------

    /// @inheritdoc IEvidence
    function open(uint256 task, uint256 bondWei, uint32 windowS) external {
        _requireDirect();
        Bond storage b = _bonds[task];
        if (b.status != Status.NONE) revert WrongStatus(task, b.status);
        IAlliance.TaskState memory state = IAlliance(alliance).state(task);
        if (state.phase == IAlliance.Phase.FINISHED) revert TaskNotReady(task, state.round);
        _requireCaller(IAlliance(alliance).params(task).relayer);
        if (bondWei == 0) revert OutOfRange("bondWei", bondWei);
        if (windowS < MIN_WINDOW_S || windowS > MAX_WINDOW_S) revert OutOfRange("windowS", windowS);
        (b.coordinator, b.status, b.windowS, b.bondWei) = (msg.sender, Status.OPEN, windowS, bondWei);
        emit BondOpened(task, msg.sender, bondWei, windowS);
        IFML(fml).safeTransferFrom(msg.sender, address(this), bondWei);
    }

    /// @inheritdoc IEvidence
    function post(uint256 task, uint32 first, bytes32[] calldata roots) external {
        Bond storage b = _mine(task);
        if (roots.length == 0 || roots.length > MAX_BATCH) revert OutOfRange("roots", roots.length);
        if (first != b.posted + 1) revert WrongRound(task, first, b.posted + 1);
        uint256 last = first + roots.length - 1;
        (uint256 ended,) = _ended(task);
        if (last > ended) revert WrongRound(task, last, ended);
        bytes32 digest = keccak256(abi.encodePacked(first, roots));
        uint32 batch = b.batches;
        batchDigest[task][batch] = digest;
        (b.posted, b.batches) = (uint32(last), batch + 1);
        emit TranscriptsPosted(task, batch, first, last, digest);
    }

    /// @inheritdoc IEvidence
    function close(uint256 task, bytes32 model) external {
        Bond storage b = _mine(task);
        (uint256 ended, bool finished) = _ended(task);
        if (!finished) revert TaskNotReady(task, ended);
        // A task that ended early may have had no round, or not have opened the one that it counts last.
        bool isShort = ended > 0 && ended < IAlliance(alliance).params(task).rounds;
        uint256 needed = isShort ? ended - 1 : ended;
        if (b.posted < needed) revert WrongRound(task, b.posted, needed);
        (b.status, b.model, b.closedAt) = (Status.CLOSED, model, uint64(block.timestamp));
        emit BondClosed(task, model, block.timestamp + b.windowS);
    }

    /// @inheritdoc IEvidence
    function release(uint256 task) external {
        _requireDirect();
        Bond storage b = _bonds[task];
        if (b.status != Status.CLOSED) revert WrongStatus(task, b.status);
        uint256 from = b.closedAt + b.windowS;
        if (block.timestamp < from) revert TooEarly(task, block.timestamp, from);
        b.status = Status.RELEASED;
        emit BondReleased(task, b.coordinator, b.bondWei);
        IFML(fml).safeTransfer(b.coordinator, b.bondWei);
    }

    // --- Anybody who can prove a lie --------------------------------------------------------------------------------

    /// @inheritdoc IEvidence
    function proveTwoTranscripts(
        uint256 task,
        Posted calldata posted,
        bytes32 root,
        bytes32 r,
        bytes32 vs
    ) external {
        Bond storage b = _accused(task);
        if (_root(task, posted) == root) revert NoLie(task, posted.round);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(TRANSCRIPT, task, posted.round, root)));
        if (_signer(digest, r, vs) != b.coordinator) revert NotSigned(task, posted.round);
        _convict(b, task, "two transcripts");
    }

    /// @inheritdoc IEvidence
    function proveForgedLeaf(
        uint256 task,
        Posted calldata posted,
        Place calldata place,
        Leaf calldata leaf
    ) external {
        Bond storage b = _accused(task);
        _requireIn(task, posted, place, leaf);
        if (_isEmpty(leaf) || place.kind == Kind.FACT) revert NoLie(task, posted.round);
        (address node,) = IAlliance(alliance).seated(task, place.member);
        if (node != address(0) && _isSignedBy(node, task, posted.round, place.kind, leaf)) revert NoLie(task, posted.round);
        _convict(b, task, "forged leaf");
    }

    /// @inheritdoc IEvidence
    function proveOmission(
        uint256 task,
        Posted calldata posted,
        Place calldata place,
        Leaf calldata leaf,
        bytes32 value,
        bytes32 r,
        bytes32 vs
    ) external {
        Bond storage b = _accused(task);
        _requireIn(task, posted, place, leaf);
        if (!_isEmpty(leaf) && leaf.value == value) revert NoLie(task, posted.round);
        bytes32 receipt = keccak256(abi.encode(RECEIPT, task, posted.round, place.kind, place.member, value));
        if (_signer(_hashTypedDataV4(receipt), r, vs) != b.coordinator) revert NotSigned(task, posted.round);
        _convict(b, task, "omission");
    }

    /// @inheritdoc IEvidence
    function proveWrongModel(
        uint256 task,
        Posted calldata posted,
        Place calldata place,
        Leaf calldata leaf
    ) external {
        Bond storage b = _accused(task);
        if (b.status != Status.CLOSED) revert WrongStatus(task, b.status);
        if (posted.round != b.posted) revert WrongRound(task, posted.round, b.posted);
        if (place.kind != Kind.FACT || place.member != 0) revert OutOfRange("place", place.member);
        _requireIn(task, posted, place, leaf);
        if (leaf.value == b.model) revert NoLie(task, posted.round);
        _convict(b, task, "wrong model");
    }

    /// @inheritdoc IEvidence
    function bond(uint256 task) external view returns (Bond memory) {
        return _bonds[task];
    }

    // --- Steps of these ---------------------------------------------------------------------------------------------

    function _requireDirect() private view {
        if (msg.sender != tx.origin) revert NotDirect();
    }

    function _requireCaller(address needed) private view {
        if (msg.sender != needed) revert NotAllowed(msg.sender, needed);
    }

    /// @return b The caller's open bond.
    function _mine(uint256 task) private view returns (Bond storage b) {
        _requireDirect();
        b = _bonds[task];
        if (b.status != Status.OPEN) revert WrongStatus(task, b.status);
        _requireCaller(b.coordinator);
    }

    /// @return b The bond of a task that can be lost.
    function _accused(uint256 task) private view returns (Bond storage b) {
        _requireDirect();
        b = _bonds[task];
        if (b.status != Status.OPEN && b.status != Status.CLOSED) revert WrongStatus(task, b.status);
    }

    /// @return ended The last round that can have a transcript.
    /// @return finished Whether the task is over.
    function _ended(uint256 task) private view returns (uint256 ended, bool finished) {
        IAlliance.TaskState memory state = IAlliance(alliance).state(task);
        finished = state.phase == IAlliance.Phase.FINISHED;
        ended = finished || state.round == 0 ? state.round : state.round - 1;
    }

    function _root(uint256 task, Posted calldata posted) private view returns (bytes32) {
        bytes32 digest = keccak256(abi.encodePacked(posted.first, posted.roots));
        if (digest != batchDigest[task][posted.batch]) revert NotPosted(task, posted.batch);
        if (posted.round < posted.first || posted.round - posted.first >= posted.roots.length) {
            revert NotPosted(task, posted.batch);
        }
        return posted.roots[posted.round - posted.first];
    }

    function _requireIn(uint256 task, Posted calldata posted, Place calldata place, Leaf calldata leaf) private view {
        if (place.member >= MEMBERS) revert OutOfRange("member", place.member);
        if (place.path.length != DEPTH) revert OutOfRange("path", place.path.length);
        uint256 position = uint256(place.kind) * MEMBERS + place.member;
        bytes32 node = _isEmpty(leaf) ? bytes32(0) : keccak256(abi.encode(leaf));
        for (uint256 level = 0; level < DEPTH; ++level) {
            bytes32 other = place.path[level];
            node = position & 1 == 0 ? Hashes.efficientKeccak256(node, other) : Hashes.efficientKeccak256(other, node);
            position >>= 1;
        }
        if (node != _root(task, posted)) revert NotInTree(task, posted.round);
    }

    function _isEmpty(Leaf calldata leaf) private pure returns (bool) {
        return leaf.motion | leaf.value | leaf.r | leaf.vs == 0;
    }

    /// @dev A vote is a member's if it signed it under either rule: nodes sign for the rule of their task alone.
    function _isSignedBy(address node, uint256 task, uint256 round, Kind kind, Leaf calldata leaf)
        private
        view
        returns (bool)
    {
        (bytes32 motion, bytes32 value) = (leaf.motion, leaf.value);
        if (kind == Kind.PROPOSAL) {
            return _signs(node, keccak256(abi.encode(Messages.PROPOSAL, task, round, value)), leaf);
        }
        if (kind == Kind.COMMITMENT) {
            return _signs(node, keccak256(abi.encode(Messages.COMMITMENT, task, round, motion, value)), leaf);
        }
        (uint256 old, uint256 new_) = (uint256(value) >> 32, uint32(uint256(value)));
        return _signs(node, keccak256(abi.encode(Messages.SCORES, task, round, motion, value)), leaf)
            || _signs(node, keccak256(abi.encode(Messages.VOTE, task, round, motion, old, new_)), leaf);
    }

    function _signs(address node, bytes32 structHash, Leaf calldata leaf) private view returns (bool) {
        return _signer(MessageHashUtils.toTypedDataHash(_allianceDomain, structHash), leaf.r, leaf.vs) == node;
    }

    /// @return signer Who signed, or zero.
    function _signer(bytes32 digest, bytes32 r, bytes32 vs) private pure returns (address signer) {
        (signer,,) = ECDSA.tryRecover(digest, r, vs);
    }

    function _convict(Bond storage b, uint256 task, bytes32 lie) private {
        b.status = Status.CONVICTED;
        uint256 reward = b.bondWei * REWARD_BPS / BPS;
        emit LieProven(task, msg.sender, lie, reward, b.bondWei - reward);
        IFML(fml).safeTransfer(msg.sender, reward);
        IFML(fml).burn(b.bondWei - reward);
    }
}
