// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Braked} from "./Braked.sol";
import {ICallers} from "./ICallers.sol";
import {IContributors} from "./IContributors.sol";
import {IFML} from "./IFML.sol";
import {IModels} from "./IModels.sol";
import {ITills} from "./ITills.sol";
import {Till} from "./Till.sol";

/// @title What models earn
/// @notice Two ways to pay for calls, and one split. A call may be paid to the model's till, at once: by whoever sends FML
/// there, or by an authorization of ERC-3009 that anybody settles here, so that its payer is known. For an answer that is
/// heard while it is computed the host has such a payment held here first: its payer cannot take it back before the answer
/// is whole, and the host has none of it before. Or a payer puts FML into an account here and signs, with every call, what
/// it owes a model in all so far: the newest of such vouchers is worth all before it, however many calls they were. The host
/// turns it in whenever it likes. Of what is paid, `hostBps` is the host's and `contributorsBps` is for those whose documents
/// the model answers with, the host's where there are none; both round down, and the rest is burned.
contract Revenue is EIP712, ICallers, ITills, Braked {
    /// @notice What a payer owes a model in all, since ever.
    struct Voucher {
        address payer;
        uint256 model;
        uint256 owedWei;
        uint256 calls; // in all, for the record
    }

    /// @notice A payer's account.
    struct Account {
        uint128 balanceWei;
        uint64 leavesAt; // second from which it can take all of it; 0: it has not asked
    }

    /// @notice How a payment is split, of 10,000.
    struct Split {
        uint16 hostBps;
        uint16 contributorsBps;
    }

    /// @notice A payment that is held for a call.
    struct Hold {
        uint128 valueWei;
        uint64 freeAt; // second from which anybody gives it back; 0: there is none
    }

    /// @notice EIP-712's type of a voucher.
    bytes32 public constant VOUCHER_TYPEHASH =
        keccak256("Voucher(address payer,uint256 model,uint256 owedWei,uint256 calls)");
    /// @notice Seconds from asking for one's balance to taking it, in which hosts turn in vouchers.
    uint256 public constant LEAVE_S = 3 days;
    /// @notice Seconds for which a payment is held for its host at least.
    uint256 public constant HOLD_S = 1 days;
    /// @notice Holds that one call takes at most.
    uint256 public constant MAX_HOLDS = 64;

    uint256 private constant BPS = 10_000;

    /// @notice The token.
    IFML public immutable fml;
    /// @notice The listings.
    IModels public immutable models;
    /// @notice The DAO's timelock.
    address public immutable dao;
    /// @notice What tills are clones of.
    address public immutable till;
    /// @notice Takes the contributors' share and pays it out.
    IContributors public immutable documents;
    /// @notice The emergency brake.
    address public immutable brake;

    /// @notice How later payments are split.
    Split public split;

    mapping(address payer => Account) private _accounts;
    mapping(uint256 model => mapping(address payer => uint256)) private _paidWei; // by vouchers
    mapping(uint256 model => mapping(address payer => uint256)) private _boughtWei; // by authorizations
    mapping(uint256 model => uint256) private _calls;
    mapping(uint256 model => mapping(address payer => uint256)) private _callsOf;
    mapping(uint256 model => uint256) private _earnedWei;
    mapping(uint256 model => mapping(address payer => mapping(bytes32 nonce => Hold))) private _holds;

    /// @notice A payer put FML into its account.
    event Deposited(address indexed payer, uint256 amountWei);
    /// @notice A payer asked for its balance; 0: it has changed its mind.
    event LeaveAsked(address indexed payer, uint256 leavesAt);
    /// @notice A payer took its balance.
    event Withdrawn(address indexed payer, uint256 amountWei);
    /// @notice A model was paid, and by whom; a till does not know.
    event Paid(
        uint256 indexed model, address indexed payer, uint256 hostWei, uint256 contributorsWei, uint256 burnedWei, uint256 calls
    );
    /// @notice A payer's authorization over `valueWei` was settled into the model's till.
    event Bought(uint256 indexed model, address indexed payer, uint256 valueWei, bytes32 nonce);
    /// @notice A payer's authorization over `valueWei` is held until it is taken, or given back from second `freeAt` on.
    event Held(uint256 indexed model, address indexed payer, uint256 valueWei, bytes32 nonce, uint256 freeAt);
    /// @notice A payer has a payment back that was held for a call of the model.
    event GivenBack(uint256 indexed model, address indexed payer, uint256 valueWei, bytes32 nonce);
    /// @notice How later payments are split.
    event SplitSet(uint256 hostBps, uint256 contributorsBps);

    /// @notice `caller` may not do this, `needed` may.
    error NotAllowed(address caller, address needed);
    /// @notice A parameter is out of range.
    error BadParameter(string name, uint256 given);
    /// @notice The voucher is not signed by its payer.
    error VoucherNotSigned(address payer);
    /// @notice The payer has less than the voucher is worth: `heldWei` of `neededWei`.
    error AccountShort(address payer, uint256 heldWei, uint256 neededWei);
    /// @notice The balance can be taken from second `leavesAt` on, or is to be asked for first where that is zero.
    error NotLeaving(uint256 leavesAt);
    /// @notice The payment is held until second `freeAt`, or there is none where that is zero.
    error NotFree(uint256 freeAt);

    constructor(
        address fml_,
        IModels models_,
        address dao_,
        address brake_,
        IContributors documents_,
        Split memory split_
    ) EIP712("FL Alliance revenue", "1") {
        (fml, models, dao, brake, documents) = (IFML(fml_), models_, dao_, brake_, documents_);
        till = address(new Till());
        _setSplit(split_);
    }

    // --- Payers -----------------------------------------------------------------------------------------------------

    /// @notice Put FML into one's account, which takes an allowance; not in a pause.
    function deposit(uint128 amountWei) external {
        _requireRunning();
        if (amountWei == 0) revert BadParameter("amountWei", 0);
        _accounts[msg.sender].balanceWei += amountWei;
        emit Deposited(msg.sender, amountWei);
        fml.transferFrom(msg.sender, address(this), amountWei);
    }

    /// @notice Ask for one's balance, or, with false, stay.
    function askToLeave(bool leaves) external {
        uint64 leavesAt = leaves ? uint64(block.timestamp + LEAVE_S) : 0;
        _accounts[msg.sender].leavesAt = leavesAt;
        emit LeaveAsked(msg.sender, leavesAt);
    }

    /// @notice Take one's balance, `LEAVE_S` after asking for it.
    function withdraw() external returns (uint256 amountWei) {
        Account memory account = _accounts[msg.sender];
        if (account.leavesAt == 0 || block.timestamp < account.leavesAt) revert NotLeaving(account.leavesAt);
        delete _accounts[msg.sender];
        amountWei = account.balanceWei;
        emit Withdrawn(msg.sender, amountWei);
        fml.transfer(msg.sender, amountWei);
    }

    // --- Hosts ------------------------------------------------------------------------------------------------------

    /// @notice Turn in vouchers, each with its payer's signature; one that is worth nothing new is passed over.
    function claim(Voucher[] calldata vouchers, bytes[] calldata signatures) external {
        for (uint256 i = 0; i < vouchers.length; ++i) _claim(vouchers[i], signatures[i]);
    }

    /// @notice Put a payment that its payer has signed (ERC-3009, to the model's till) into that till; by anybody. Sent to the
    /// token directly it pays alike, but its payer is not known to have paid.
    function settle(
        uint256 model,
        address payer,
        uint256 valueWei,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        if (valueWei == 0) revert BadParameter("valueWei", 0);
        (uint8 v, bytes32 r, bytes32 s) = ECDSA.parseCalldata(signature);
        _boughtWei[model][payer] += valueWei;
        emit Bought(model, payer, valueWei, nonce);
        IERC3009(address(fml)).transferWithAuthorization(
            payer, tillOf(model), valueWei, validAfter, validBefore, nonce, v, r, s
        );
    }

    /// @notice Have a payment to a model's till held, as `settle` takes it; only the model's host. What was in the till before
    /// is split.
    function hold(
        uint256 model,
        address payer,
        uint256 valueWei,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        _requireHost(model);
        if (valueWei == 0) revert BadParameter("valueWei", 0);
        sweep(model);
        address at_ = tillOf(model);
        uint256 freeAt = block.timestamp + HOLD_S;
        _holds[model][payer][nonce] = Hold(SafeCast.toUint128(valueWei), uint64(freeAt));
        emit Held(model, payer, valueWei, nonce, freeAt);
        (uint8 v, bytes32 r, bytes32 s) = ECDSA.parseCalldata(signature);
        IERC3009(address(fml)).transferWithAuthorization(payer, at_, valueWei, validAfter, validBefore, nonce, v, r, s);
        Till(at_).empty(fml);
    }

    /// @notice Take payments that are held for answered calls, split like a till's; only the model's host. One that is not
    /// held any more is passed over.
    function take(uint256 model, address[] calldata payers, bytes32[] calldata nonces)
        external
        returns (uint256 amountWei)
    {
        _requireHost(model);
        if (payers.length != nonces.length || payers.length > MAX_HOLDS) revert BadParameter("payers", payers.length);
        for (uint256 i = 0; i < payers.length; ++i) {
            uint256 valueWei = _holds[model][payers[i]][nonces[i]].valueWei;
            if (valueWei == 0) continue;
            delete _holds[model][payers[i]][nonces[i]];
            _boughtWei[model][payers[i]] += valueWei;
            amountWei += valueWei;
            emit Bought(model, payers[i], valueWei, nonces[i]);
        }
        if (amountWei > 0) _pay(model, address(0), amountWei, 0);
    }

    /// @notice Give a payment that is held back to its payer: the model's host at any time, anybody once it is free.
    function giveBack(uint256 model, address payer, bytes32 nonce) external {
        Hold memory held = _holds[model][payer][nonce];
        bool isFree = block.timestamp >= held.freeAt || msg.sender == models.hostOf(model);
        if (held.freeAt == 0 || !isFree) revert NotFree(held.freeAt);
        delete _holds[model][payer][nonce];
        emit GivenBack(model, payer, held.valueWei, nonce);
        fml.transfer(payer, held.valueWei);
    }

    /// @notice Split what is in a model's till; by anybody.
    function sweep(uint256 model) public returns (uint256 amountWei) {
        address at_ = tillOf(model);
        if (at_.code.length == 0) {
            Clones.cloneDeterministic(till, bytes32(model));
            Till(at_).initialize();
        }
        amountWei = Till(at_).empty(fml);
        if (amountWei > 0) _pay(model, address(0), amountWei, 0);
    }

    // --- The DAO ----------------------------------------------------------------------------------------------------

    /// @notice Set how later payments are split; only the DAO.
    function setSplit(Split memory split_) external {
        if (msg.sender != dao) revert NotAllowed(msg.sender, dao);
        _setSplit(split_);
    }

    // --- What is known ----------------------------------------------------------------------------------------------

    /// @inheritdoc ITills
    /// @dev A call can be paid to it like to any address; there is code from the first `sweep` on.
    function tillOf(uint256 model) public view returns (address) {
        models.hostOf(model); // there must be one
        return Clones.predictDeterministicAddress(till, bytes32(model));
    }

    /// @notice A payer's account.
    function accountOf(address payer) external view returns (Account memory) {
        return _accounts[payer];
    }

    /// @notice What is held of a payer's payment by its nonce.
    function holdOf(uint256 model, address payer, bytes32 nonce) external view returns (Hold memory) {
        return _holds[model][payer][nonce];
    }

    /// @notice What `payer` has paid for calls of a model by vouchers, in wei: what its next voucher is to be above.
    function paidWei(uint256 model, address payer) external view returns (uint256) {
        return _paidWei[model][payer];
    }

    /// @inheritdoc ICallers
    function spentWei(uint256 model, address payer) external view returns (uint256) {
        return _paidWei[model][payer] + _boughtWei[model][payer];
    }

    /// @notice What a model was paid in all, and how many calls of it vouchers tell.
    function earnedBy(uint256 model) external view returns (uint256 earnedWei, uint256 calls) {
        return (_earnedWei[model], _calls[model]);
    }

    /// @notice EIP-712's digest of a voucher, which its payer signs.
    function digestOf(Voucher calldata voucher) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(VOUCHER_TYPEHASH, voucher.payer, voucher.model, voucher.owedWei, voucher.calls))
        );
    }

    function _brake() internal view override returns (address) {
        return brake;
    }

    function _requireHost(uint256 model) private view {
        address host = models.hostOf(model);
        if (msg.sender != host) revert NotAllowed(msg.sender, host);
    }

    function _claim(Voucher calldata voucher, bytes calldata signature) private {
        uint256 paid = _paidWei[voucher.model][voucher.payer];
        if (voucher.owedWei <= paid) return;
        if (ECDSA.recover(digestOf(voucher), signature) != voucher.payer) revert VoucherNotSigned(voucher.payer);
        uint256 amountWei = voucher.owedWei - paid;
        uint256 held = _accounts[voucher.payer].balanceWei;
        if (held < amountWei) revert AccountShort(voucher.payer, held, amountWei);
        _accounts[voucher.payer].balanceWei = uint128(held - amountWei);
        _paidWei[voucher.model][voucher.payer] = voucher.owedWei;
        uint256 before = _callsOf[voucher.model][voucher.payer];
        uint256 calls = voucher.calls > before ? voucher.calls - before : 0;
        _callsOf[voucher.model][voucher.payer] = before + calls;
        _pay(voucher.model, voucher.payer, amountWei, calls);
    }

    function _pay(uint256 model, address payer, uint256 amountWei, uint256 calls) private {
        address host = models.hostOf(model);
        uint256 contributorsWei = amountWei * split.contributorsBps / BPS;
        uint256 hostWei = amountWei * split.hostBps / BPS;
        if (!documents.hasAny(model)) (contributorsWei, hostWei) = (0, hostWei + contributorsWei);
        uint256 burnedWei = amountWei - contributorsWei - hostWei;
        _earnedWei[model] += amountWei;
        _calls[model] += calls;
        emit Paid(model, payer, hostWei, contributorsWei, burnedWei, calls);
        if (burnedWei > 0) fml.burn(burnedWei);
        if (contributorsWei > 0) {
            fml.transfer(address(documents), contributorsWei);
            documents.onShare(model, contributorsWei);
        }
        fml.transfer(host, hostWei);
    }

    function _setSplit(Split memory split_) private {
        uint256 kept = uint256(split_.hostBps) + split_.contributorsBps;
        if (kept > BPS) revert BadParameter("bps", kept);
        split = split_;
        emit SplitSet(split_.hostBps, split_.contributorsBps);
    }
}
