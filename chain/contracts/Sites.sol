// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Consortium} from "./Consortium.sol";
import {IPoints} from "./IPoints.sol";
import {ISites} from "./ISites.sol";

/// @title Sites: identities, approved bundles and anchored logs of a consortium
contract Sites is ISites, EIP712 {
    using Consortium for Consortium.Book;

    bytes32 private constant BIND =
        keccak256("Bind(bytes32 key,bytes32 proof,bytes32 previous,uint256 nonce,uint256 deadline)");
    bytes32 private constant REVOKE = keccak256("Revoke(bytes32 key,uint256 nonce,uint256 deadline)");
    bytes32 private constant JUDGE_BUNDLE = keccak256(
        "JudgeBundle(bytes32 codeDigest,bytes32 configDigest,bool approves,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant JUDGE_CHANGE = keccak256(
        "JudgeChange(uint8 change,address account,uint256 value,bool supports,uint256 epoch,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant ANCHOR = keccak256("Anchor(bytes32 head,uint64 length,uint256 deadline)");

    /// @notice Members of the consortium at one time at most.
    uint256 public constant MAX_MEMBERS = Consortium.MAX_MEMBERS;
    /// @notice Admissions in all.
    uint256 public constant MAX_SLOTS = Consortium.MAX_SLOTS;

    /// @inheritdoc ISites
    address public immutable points;
    /// @inheritdoc ISites
    uint256 public epoch;
    /// @inheritdoc ISites
    mapping(address account => uint256) public nonces;
    /// @inheritdoc ISites
    mapping(bytes32 key => address) public ownerOf;

    Consortium.Book private _book;
    mapping(address site => Binding) private _bindings;
    mapping(address site => Anchor) private _anchors;
    /// @dev Who approves a bundle and who supports a change, by slots.
    mapping(bytes32 subject => uint256) private _votes;

    /// @param members_ The first members: 1 to `MAX_MEMBERS`, each once.
    /// @param threshold_ How many of them must agree: 1 to all.
    /// @param points_ The points that the consortium mints; zero where it has none.
    constructor(address[] memory members_, uint256 threshold_, address points_) EIP712("FL Alliance Sites", "1") {
        points = points_;
        for (uint256 i = 0; i < members_.length; ++i) _book.admit(members_[i]);
        _book.setThreshold(threshold_);
    }

    // --- Identity ---------------------------------------------------------------------------------------------------

    /// @inheritdoc ISites
    function bind(Voucher calldata by, bytes32 key, bytes32 proof, bytes32 previous) external {
        _number(by, abi.encode(BIND, key, proof, previous));
        if (key == 0) revert EmptyDigest("key");
        if (proof == 0) revert EmptyDigest("proof");
        if (ownerOf[key] != address(0)) revert KeyUsed(key, ownerOf[key]);
        Binding storage binding = _bindings[by.actor];
        if (binding.key != previous) revert KeyNotBound(by.actor, previous, binding.key);
        ownerOf[key] = by.actor;
        uint32 revision = binding.revision + 1;
        _bindings[by.actor] = Binding(key, proof, uint40(block.timestamp), revision);
        emit KeyBound(by.actor, key, previous, proof, revision);
    }

    /// @inheritdoc ISites
    function revoke(Voucher calldata by, bytes32 key) external {
        _number(by, abi.encode(REVOKE, key));
        _unbind(by.actor, key, false, false);
    }

    // --- Bundles ----------------------------------------------------------------------------------------------------

    /// @inheritdoc ISites
    function judgeBundle(Voucher calldata by, bytes32 codeDigest, bytes32 configDigest, bool approves_) external {
        _number(by, abi.encode(JUDGE_BUNDLE, codeDigest, configDigest, approves_));
        if (codeDigest == 0) revert EmptyDigest("codeDigest");
        if (configDigest == 0) revert EmptyDigest("configDigest");
        bytes32 subject = _bundle(codeDigest, configDigest);
        uint256 votes = _book.judged(_votes[subject], by.actor, approves_);
        _votes[subject] = votes;
        emit BundleJudged(codeDigest, configDigest, by.actor, approves_, _book.tally(votes));
    }

    // --- The consortium ---------------------------------------------------------------------------------------------

    /// @inheritdoc ISites
    function judgeChange(Voucher calldata by, Change change, address account, uint256 value, bool inFavour) external {
        _number(by, abi.encode(JUDGE_CHANGE, change, account, value, inFavour, epoch));
        bytes32 subject = _change(change, account, value);
        uint256 votes = _book.judged(_votes[subject], by.actor, inFavour);
        uint256 yes = _book.tally(votes);
        _votes[subject] = votes;
        emit ChangeJudged(change, account, value, by.actor, inFavour, yes);
        if (!inFavour || yes < _book.threshold) return;
        delete _votes[subject];
        _make(change, account, value);
    }

    // --- Logs -------------------------------------------------------------------------------------------------------

    /// @inheritdoc ISites
    function anchor(Voucher calldata by, bytes32 head, uint64 length) external {
        if (msg.sender != by.actor) _verify(by, nonces[by.actor], abi.encode(ANCHOR, head, length, by.deadline));
        if (head == 0) revert EmptyDigest("head");
        uint64 anchored = _anchors[by.actor].length;
        if (length <= anchored) revert LogNotLonger(by.actor, length, anchored);
        _anchors[by.actor] = Anchor(head, length, uint40(block.timestamp));
        emit LogAnchored(by.actor, head, length);
    }

    // --- What is known ----------------------------------------------------------------------------------------------

    /// @inheritdoc ISites
    function threshold() external view returns (uint256) {
        return _book.threshold;
    }

    /// @inheritdoc ISites
    function members() external view returns (address[] memory found) {
        found = new address[](_book.size);
        uint256 next = 0;
        for (uint256 slot = 0; slot < _book.slots; ++slot) {
            if (_book.seated >> slot & 1 == 1) found[next++] = _book.memberIn[slot];
        }
    }

    /// @inheritdoc ISites
    function isMember(address account) external view returns (bool) {
        return _book.slotOf[account] != 0;
    }

    /// @inheritdoc ISites
    function bindingOf(address site) external view returns (Binding memory) {
        return _bindings[site];
    }

    /// @inheritdoc ISites
    function siteOf(bytes32 key) external view returns (address) {
        address owner = ownerOf[key];
        return key != 0 && _bindings[owner].key == key ? owner : address(0);
    }

    /// @inheritdoc ISites
    function approvals(bytes32 codeDigest, bytes32 configDigest) public view returns (uint256) {
        return _book.tally(_votes[_bundle(codeDigest, configDigest)]);
    }

    /// @inheritdoc ISites
    function isApproved(bytes32 codeDigest, bytes32 configDigest) external view returns (bool) {
        return approvals(codeDigest, configDigest) >= _book.threshold;
    }

    /// @inheritdoc ISites
    function approves(address member, bytes32 codeDigest, bytes32 configDigest) external view returns (bool) {
        uint256 place = _book.slotOf[member];
        return place != 0 && _votes[_bundle(codeDigest, configDigest)] >> (place - 1) & 1 == 1;
    }

    /// @inheritdoc ISites
    function support(Change change, address account, uint256 value) external view returns (uint256) {
        return _book.tally(_votes[_change(change, account, value)]);
    }

    /// @inheritdoc ISites
    function anchorOf(address site) external view returns (Anchor memory) {
        return _anchors[site];
    }

    // --- Steps that several calls share -----------------------------------------------------------------------------

    function _make(Change change, address account, uint256 value) private {
        if (change == Change.ADMIT) _book.admit(account);
        else if (change == Change.EXPEL) _book.expel(account);
        else if (change == Change.THRESHOLD) _book.setThreshold(value);
        else if (change == Change.REVOKE) _unbind(account, bytes32(value), true, false);
        else if (change == Change.RELEASE) _unbind(account, bytes32(value), true, true);
        else if (points == address(0)) revert NoPoints();
        if (change <= Change.THRESHOLD) ++epoch;
        emit ChangeMade(change, account, value, _book.size, _book.threshold);
        if (change == Change.MINT) IPoints(points).mint(account, value);
    }

    function _unbind(address site, bytes32 key, bool byConsortium, bool isFree) private {
        Binding storage binding = _bindings[site];
        if (key == 0 || binding.key != key) revert KeyNotBound(site, key, binding.key);
        (binding.key, binding.proof) = (0, 0);
        if (isFree) delete ownerOf[key];
        emit KeyRevoked(site, key, byConsortium, isFree);
    }

    /// @dev Use up the actor's number, also where it sends itself: what it had signed before is then void.
    function _number(Voucher calldata by, bytes memory fields) private {
        uint256 nonce = nonces[by.actor]++;
        if (msg.sender != by.actor) _verify(by, nonce, bytes.concat(fields, abi.encode(nonce, by.deadline)));
    }

    function _verify(Voucher calldata by, uint256 nonce, bytes memory content) private view {
        if (block.timestamp > by.deadline) revert VoucherExpired(by.actor, block.timestamp, by.deadline);
        bytes32 digest = _hashTypedDataV4(keccak256(content));
        address signer = ecrecover(digest, uint8(27 + (uint256(by.vs) >> 255)), by.r, (by.vs << 1) >> 1);
        if (signer == address(0) || signer != by.actor) revert VoucherInvalid(by.actor, nonce);
    }

    function _bundle(bytes32 codeDigest, bytes32 configDigest) private pure returns (bytes32) {
        return keccak256(abi.encode(JUDGE_BUNDLE, codeDigest, configDigest));
    }

    function _change(Change change, address account, uint256 value) private view returns (bytes32) {
        return keccak256(abi.encode(JUDGE_CHANGE, change, account, value, epoch));
    }
}
