// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Who the sites of a consortium are, which code they run, and what they have written down
/// @notice A site is an address. To it belong the key of its SuperNode, by sha256 of its DER bytes (SubjectPublicKeyInfo), and
/// the head of its decision log. A consortium of M members, of whom N agree, approves what code runs under what settings, and
/// changes itself. Everything can be sent by the site itself or by anybody with its signature (EIP-712), so that a hospital
/// needs no gas; a site's signatures are numbered, and end at a second that it names.
///
/// What no contract can check here: that the SuperNode's key, which is of a NIST curve, agreed to its binding. Its signature is
/// kept by digest, and is checked by whoever is shown it: the ServerApp before it takes a node in, and the audit.
interface ISites {
    /// @notice What the consortium decides with the support of N of its M members.
    enum Change {
        /// `account` becomes a member.
        ADMIT,
        /// `account` is a member no longer, and what it has approved counts no longer.
        EXPEL,
        /// N becomes `value`.
        THRESHOLD,
        /// The binding of `account` to the key `value` ends; nobody can bind that key again.
        REVOKE,
        /// The same, but its owner can bind the key: somebody else had taken it first.
        RELEASE,
        /// `account` gets `value` wei of points; only where the consortium has points.
        MINT
    }

    /// @notice Who acts: the sender of the transaction, or whose signature it carries.
    /// @param actor The site.
    /// @param deadline Last second at which the signature counts; not looked at where the actor itself sends.
    /// @param r First half of the signature; zero where the actor itself sends.
    /// @param vs Second half after EIP-2098.
    struct Voucher {
        address actor;
        uint256 deadline;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A site's key.
    /// @param key sha256 of the public key's DER bytes; zero: none.
    /// @param proof sha256 of the key's signature of the statement that binds it.
    /// @param boundAt Second of the binding.
    /// @param revision How many keys the site has bound, this one included.
    struct Binding {
        bytes32 key;
        bytes32 proof;
        uint40 boundAt;
        uint32 revision;
    }

    /// @notice The head of a site's decision log.
    /// @param head Hash of its last entry.
    /// @param length How many entries it has.
    /// @param anchoredAt Second at which it was told.
    struct Anchor {
        bytes32 head;
        uint64 length;
        uint40 anchoredAt;
    }

    /// @notice `site` has bound `key` instead of `previous`; zero: the first one, or the one before was revoked.
    event KeyBound(address indexed site, bytes32 indexed key, bytes32 previous, bytes32 proof, uint32 revision);
    /// @notice `site` has bound `key` no longer; `byConsortium` tells who ended it, `isFree` whether it can be bound again.
    event KeyRevoked(address indexed site, bytes32 indexed key, bool byConsortium, bool isFree);
    /// @notice `member` approves a bundle or takes that back; `approvals` members do now.
    event BundleJudged(
        bytes32 indexed codeDigest, bytes32 indexed configDigest, address indexed member, bool approves, uint256 approvals
    );
    /// @notice `member` supports a change or takes that back; `support` members do now.
    event ChangeJudged(
        Change indexed change, address indexed account, uint256 value, address indexed member, bool inFavour, uint256 support
    );
    /// @notice A change took effect; the consortium has `members` members now, of whom `threshold` must agree.
    event ChangeMade(Change indexed change, address indexed account, uint256 value, uint256 members, uint256 threshold);
    /// @notice `site` has written `length` entries into its log, the last of which has hash `head`.
    event LogAnchored(address indexed site, bytes32 head, uint64 length);

    /// @notice A consortium of `members`, of whom `threshold` must agree: needed 1 to 64 different members and 1 to all of them.
    error BadConsortium(uint256 members, uint256 threshold);
    /// @notice Only members of the consortium do this.
    error NotInConsortium(address account);
    /// @notice The account is a member already.
    error InConsortium(address account);
    /// @notice The signature is not the actor's, for the number that is due.
    error VoucherInvalid(address actor, uint256 nonce);
    /// @notice The signature's last second has passed.
    error VoucherExpired(address actor, uint256 nowAt, uint256 deadline);
    /// @notice The key is or was that of `site`; a key belongs to one site for good.
    error KeyUsed(bytes32 key, address site);
    /// @notice The site's key is `bound`.
    error KeyNotBound(address site, bytes32 given, bytes32 bound);
    /// @notice A digest that must be something is zero.
    error EmptyDigest(string name);
    /// @notice The member has said so already.
    error NothingNew(address member);
    /// @notice A log only grows: `anchored` entries of it are known.
    error LogNotLonger(address site, uint64 given, uint64 anchored);
    /// @notice This consortium has no points to mint.
    error NoPoints();

    /// @notice Bind the actor to `key` instead of its key until now.
    /// @param key sha256 of the DER bytes of the SuperNode's public key.
    /// @param proof sha256 of that key's signature of the statement; not checked here.
    /// @param previous The actor's key until now; zero where it has none.
    function bind(Voucher calldata by, bytes32 key, bytes32 proof, bytes32 previous) external;

    /// @notice End the actor's binding to `key`; nobody can bind it again.
    function revoke(Voucher calldata by, bytes32 key) external;

    /// @notice Say whether the actor, a member, approves that the code runs under the settings.
    function judgeBundle(Voucher calldata by, bytes32 codeDigest, bytes32 configDigest, bool approves) external;

    /// @notice Say whether the actor, a member, supports a change; with N of M it takes effect at once.
    /// @dev Support counts until the consortium's next change: whoever supported something under other members says so again.
    function judgeChange(Voucher calldata by, Change change, address account, uint256 value, bool inFavour) external;

    /// @notice Tell the head of the actor's log, which only grows; a signature of it is not numbered: it cannot count twice.
    function anchor(Voucher calldata by, bytes32 head, uint64 length) external;

    /// @notice The points that the consortium mints; zero where there are none.
    function points() external view returns (address);
    /// @notice N.
    function threshold() external view returns (uint256);
    /// @notice How many changes of members or of N there were: support given before the last does not count.
    function epoch() external view returns (uint256);
    /// @notice The members, in the order of their admission.
    function members() external view returns (address[] memory);
    /// @notice Whether an account is a member.
    function isMember(address account) external view returns (bool);
    /// @notice The number that the next signature of an account must name.
    function nonces(address account) external view returns (uint256);
    /// @notice A site's key.
    function bindingOf(address site) external view returns (Binding memory);
    /// @notice Whose key this is now; zero: nobody's.
    function siteOf(bytes32 key) external view returns (address);
    /// @notice Whose key this is or was; zero: nobody's.
    function ownerOf(bytes32 key) external view returns (address);
    /// @notice How many members approve a bundle.
    function approvals(bytes32 codeDigest, bytes32 configDigest) external view returns (uint256);
    /// @notice Whether N members approve a bundle.
    function isApproved(bytes32 codeDigest, bytes32 configDigest) external view returns (bool);
    /// @notice Whether a member approves a bundle.
    function approves(address member, bytes32 codeDigest, bytes32 configDigest) external view returns (bool);
    /// @notice How many members support a change.
    function support(Change change, address account, uint256 value) external view returns (uint256);
    /// @notice The head of a site's log.
    function anchorOf(address site) external view returns (Anchor memory);
}
