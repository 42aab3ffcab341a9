// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What a coordinator says of the rounds that it ran, with a bond behind it
/// @notice Bound to one Alliance, of either rule. The relayer of a task there, its coordinator, puts up a bond of FML, posts the
/// root of every round's transcript and in the end the digest of the final model. Anybody who proves that one of these
/// statements is a lie gets half of the bond, the other half is burned. Without such a proof the bond comes back
/// after a time for challenges.
///
/// A transcript's root is that of a Merkle tree of depth DEPTH with a fixed place for everything that a transcript can hold:
/// place kind << 10 | member. A leaf is keccak256(motion, value, r, vs), four words; a place with nothing in it is zero; a
/// node is keccak256(left, right). So a path shows what is in a place as well as that nothing is.
///
/// Leaves of the first three kinds hold what members signed for the Alliance, with the signature. A leaf whose signature is not
/// the member's own over what it says is a lie by itself: no member can make an honest leaf look like one, for
/// what it signs besides changes nothing in the leaf. Facts (the place's number instead of a member) are the coordinator's own word.
///
/// A receipt is the coordinator's signature for a message that it took. Only the coordinator can make one, so an honest one, which
/// gives at most one for each place and puts what it gave one for into the transcript, cannot be accused with it.
///
/// Everything here can be read from calldata: what changes anything is refused to callers that are contracts.
interface IEvidence {
    /// @notice What a place of the tree is for.
    enum Kind {
        PROPOSAL, // a proposer's signed update; motion is zero
        COMMITMENT, // a voter's signed commitment to its vote
        VOTE, // a voter's revealed vote: scoreOld << 32 | scoreNew, or the content of Scores
        FACT // 0: digest of the model after the round; 1: sha256 of the transcript's file; r and vs are zero
    }

    /// @notice Where a bond stands.
    enum Status {
        NONE, // no bond for this task
        OPEN, // transcripts are being posted
        CLOSED, // all posted, final model named; may be challenged until it is released
        RELEASED, // given back
        CONVICTED // a lie was proven
    }

    /// @notice A leaf of the tree.
    struct Leaf {
        bytes32 motion; // what a commitment or vote is on; zero otherwise
        bytes32 value; // update, commitment, vote or fact
        bytes32 r; // of the member's signature
        bytes32 vs; // of the member's signature (EIP-2098)
    }

    /// @notice A posted root: which of a batch's roots it is, and the batch, of which the contract keeps the hash alone.
    struct Posted {
        uint32 batch; // number of the batch, from 0
        uint32 first; // the round of its first root
        bytes32[] roots; // all roots of the batch
        uint32 round; // the round that is meant
    }

    /// @notice A place of a posted tree.
    struct Place {
        Kind kind; // which part of the tree
        uint16 member; // member, or number of the fact; below 1,024
        bytes32[] path; // DEPTH neighbours, from the leaf's up
    }

    /// @notice A task's bond.
    struct Bond {
        address coordinator; // the task's relayer
        Status status; // where it stands
        uint32 windowS; // seconds for challenges after the closing
        uint32 posted; // rounds whose root is posted, from round 1 on
        uint32 batches; // in which they came
        uint64 closedAt; // second of the closing; 0: not closed
        uint256 bondWei; // what is at stake
        bytes32 model; // final model as named at the closing
    }

    /// @notice A coordinator put up its bond.
    event BondOpened(uint256 indexed task, address indexed coordinator, uint256 bondWei, uint256 windowS);
    /// @notice Roots of rounds `first` to `last` were posted.
    event TranscriptsPosted(uint256 indexed task, uint256 batch, uint256 first, uint256 last, bytes32 digest);
    /// @notice All is posted, and `model` is said to be the final one.
    event BondClosed(uint256 indexed task, bytes32 model, uint256 releaseAt);
    /// @notice The bond went back.
    event BondReleased(uint256 indexed task, address indexed coordinator, uint256 bondWei);
    /// @notice A lie was proven, named by the function that showed it.
    event LieProven(uint256 indexed task, address indexed accuser, bytes32 lie, uint256 rewardWei, uint256 burnedWei);

    /// @notice The caller is a contract.
    error NotDirect();
    /// @notice Only `needed` may do this.
    error NotAllowed(address caller, address needed);
    /// @notice The bond is not in a status in which this can be done.
    error WrongStatus(uint256 task, Status status);
    /// @notice The Alliance's task has finished, or has not, as the case may be.
    error TaskNotReady(uint256 task, uint256 round);
    /// @notice A bond, a time or a batch is out of its range.
    error OutOfRange(string name, uint256 given);
    /// @notice Roots are posted in the order of the rounds, each once, when its round has ended.
    error WrongRound(uint256 task, uint256 given, uint256 needed);
    /// @notice Possible only from second `from` on.
    error TooEarly(uint256 task, uint256 nowAt, uint256 from);
    /// @notice These are not the roots that were posted in this batch.
    error NotPosted(uint256 task, uint256 batch);
    /// @notice The path does not lead from this leaf to the posted root.
    error NotInTree(uint256 task, uint256 round);
    /// @notice The signature is not the coordinator's over this statement.
    error NotSigned(uint256 task, uint256 round);
    /// @notice What is shown is no lie.
    error NoLie(uint256 task, uint256 round);

    /// @notice Put up `bondWei` (allowance needed) for a task that has not finished; only its relayer, once.
    /// @param windowS Seconds for challenges after the closing, MIN_WINDOW_S to MAX_WINDOW_S.
    function open(uint256 task, uint256 bondWei, uint32 windowS) external;

    /// @notice Post the roots of rounds that have ended, from round `first` on, at most MAX_BATCH; only the coordinator.
    function post(uint256 task, uint32 first, bytes32[] calldata roots) external;

    /// @notice Name the final model of a finished task whose rounds are all posted; only the coordinator.
    function close(uint256 task, bytes32 model) external;

    /// @notice Give the bond back when the time for challenges is over; anybody.
    function release(uint256 task) external;

    /// @notice Prove two transcripts of one round: the posted root, and another that the coordinator signed.
    /// @param root What it signed as `Transcript(uint256 task,uint32 round,bytes32 root)`.
    function proveTwoTranscripts(
        uint256 task,
        Posted calldata posted,
        bytes32 root,
        bytes32 r,
        bytes32 vs
    ) external;

    /// @notice Prove a leaf that its member never signed.
    function proveForgedLeaf(
        uint256 task,
        Posted calldata posted,
        Place calldata place,
        Leaf calldata leaf
    ) external;

    /// @notice Prove a message that the coordinator took, and that its transcript has not or has otherwise.
    /// @param leaf What is in the place; all zero: nothing.
    /// @param value What it signed `Receipt(uint256 task,uint32 round,uint8 kind,uint16 member,bytes32 value)` for.
    function proveOmission(
        uint256 task,
        Posted calldata posted,
        Place calldata place,
        Leaf calldata leaf,
        bytes32 value,
        bytes32 r,
        bytes32 vs
    ) external;

    /// @notice Prove a final model other than the one after the last posted round.
    /// @param leaf Fact 0 of the last posted round; all zero: it has none.
    function proveWrongModel(
        uint256 task,
        Posted calldata posted,
        Place calldata place,
        Leaf calldata leaf
    ) external;

    /// @notice The Alliance.
    function alliance() external view returns (address);
    /// @notice The token.
    function fml() external view returns (address);
    /// @notice A task's bond.
    function bond(uint256 task) external view returns (Bond memory);
    /// @notice Hash of a batch: keccak256 of the first round, in four bytes, and the roots.
    function batchDigest(uint256 task, uint32 batch) external view returns (bytes32);
}
