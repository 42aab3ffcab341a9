// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAlliance} from "./IAlliance.sol";

/// @title What IAlliance leaves to candidate voting: voters score a menu of models, each proposer answers for itself
/// @notice A *menu* is the packed bytes that voters compute from the round's proposals; the motion is its keccak256:
///
/// uint8 K, uint8 E, E x bytes32 model digest, K x (uint8 reference, uint8 question, P x uint8 mark)
///
/// with 2 <= K <= E <= 12. Entries 0..K-1 are the candidates, entry 0 being the model adopted last and entry 1 the
/// default; entries K..E-1 are models that only serve questions. P is the number of members with standing PROPOSED, in
/// ascending order. A mark is 0x80 if the proposal is part of that candidate, or'ed with 0..127, how far out it lies as
/// seen from there, in sixteenths of a robust z. Only shape and indexes are checked: voters sign what the bytes say.
///
/// A voter's *scores* are one word, entry e in bits 20e..20e+19, each 0..1,000,000, lower is better, other bits 0. Its
/// *contributions*, where they are paid for, are P x int16 whose absolute values sum up to 10,000 at most, else empty.
///
/// Tasks draw at least one voter, and at most MAX_COMMITTEE proposers and as many voters. `toleranceBps` is not used.
interface ICandidateAlliance is IAlliance {
    /// @notice What the proposers' part of a reward is shared by.
    enum Reward {
        STAKE, // among the winner's parts, by balance
        CONTRIBUTION // by the moving average of what voters say each contributed; a share of it waits in escrow
    }

    /// @notice What a task's creator fixes for good beyond its TaskParams. Marks and evidence are sixteenths of z.
    struct CandidateTerms {
        Reward reward; // what proposers are paid by
        uint16 overrideBps; // share of the weight that a candidate needs against the default, of 10,000
        uint16 convictBps; // share of the weight that convicts suspects, of 10,000
        uint8 suspectAt; // marks from here on are suspect, 1..127
        uint8 offset; // what a convicted mark counts less as evidence, 0..127
        uint8 forgive; // evidence that a round without conviction takes off
        uint16 slashAbove; // evidence above this slashes
        uint16 escrowBps; // CONTRIBUTION: share of a proposer's reward that goes to its escrow, of 10,000
    }

    /// @notice What is known of a member from earlier rounds.
    struct Record {
        uint16 evidence; // against its proposals, in sixteenths of z
        int24 average; // CONTRIBUTION: moving average of what it contributed, in ten-thousandths of a round, or below 0
        uint64 escrowGwei; // earned and not yet paid out: lost with the next slash
        int24 agreement; // moving average of how far its votes agreed with others' on what was news, in millionths
    }

    /// @notice What the voters of a round, not void, made of its menu. Comes before RoundSettled.
    /// @param winner Entry that is the model from now on; 0: the model stays.
    /// @param best Entry whose worst comparison is best, whether or not it had the stake to override the default.
    /// @param backing Weight, in gwei, of the voters that score `best` better than the default.
    /// @param against Weight of those that score the winner's question worse than its reference; 0 without a question.
    /// @param weight Of all voters who revealed.
    /// @param convicted Members whose marks raised their evidence.
    /// @param slashed Those of them whose evidence slashed them.
    event RoundJudged(
        uint256 indexed task,
        uint256 round,
        uint256 winner,
        uint256 best,
        uint256 backing,
        uint256 against,
        uint256 weight,
        uint256[] convicted,
        uint256[] slashed
    );

    /// @notice A menu has not the length that its head and the proposals ask for, or names an entry that is not there.
    error BadMenu(uint256 length);
    /// @notice A voter's contributions are more than one round: their absolute values sum up to `total`.
    error BadContributions(uint256 member, uint256 total);

    /// @notice Create a task and pay `poolWei` (allowance needed) into its pool; anybody.
    /// @return task Its number, from 1.
    function createTask(TaskParams calldata params, CandidateTerms calldata terms, uint256 poolWei)
        external
        returns (uint256 task);

    /// @notice Record revealed votes; anybody, until the round is settled. They are kept, for the settlement; to give
    /// them there costs less.
    /// @param menu The menu that the relayer's motion names.
    /// @param votes Records, in the order of the list: of a vote 98 bytes and the contributions: uint16 member, uint256
    /// scores, contributions (2 P bytes or none), bytes32 r, bytes32 vs, the signature being over `Scores(uint256
    /// task,uint32 round,bytes32 motion,bytes32 content)`, where content is keccak256(scores, contributions); of a
    /// listed commitment that is not revealed here 34 bytes: uint16 0x8000 | member, bytes32 commitment. Anywhere: the
    /// vote of a member that committed by itself, as long as the others, its uint16 being 0x4000 | member. Votes that
    /// are here already are passed over. The whole list can be replaced by its hash, 34 bytes: uint16 0xFFFF, bytes32.
    /// A member's first vote counts.
    function revealVotes(uint256 task, bytes calldata menu, bytes calldata votes) external;

    /// @notice Settle the round, after recording `votes` as `revealVotes` does; anybody, who gets the bounty, from when
    /// IMajorityAlliance.settle could.
    ///
    /// Void if less than half of the drawn voters revealed, or none of them holds anything: the model stays, nobody is
    /// paid, only voters proven to withhold lose.
    ///
    /// A voter weighs its balance, 15 minimum stakes at most: one account counts for no more than it can be drawn by.
    ///
    /// Decision: M[a][b] is the lower median, by weight, over voters of their score of b less that of a. The best
    /// candidate has the greatest min over b of M[a][b] (ties: entry 1, then the lowest); it wins if voters with
    /// overrideBps of the weight score it better than entry 1, else entry 1 does. ACCEPTED if the winner is not entry 0.
    ///
    /// Evidence: of the winner's row. Its marks from suspectAt on are convicted if it has a question (its two entries
    /// differ) and voters with convictBps of the weight score the question worse than the reference. Convicted evidence
    /// grows by mark - offset, that of other proposers falls by `forgive`. Above slashAbove it slashes, and stays there.
    ///
    /// Pay: poolGwei / rounds left, shared between proposers who proposed and voters who revealed in time by the
    /// balances of both. Voters share theirs by balance and quality, proposers by CandidateTerms.reward, see
    /// `chain/rules/pay.py`; a slash takes slashBps of the balance, slashGwei more, at most all of it, and the escrow.
    /// Everything from balances before it. Silence is infrastructure: no pay, no slash. Late votes count in the decision
    /// and in convictions alone.
    ///
    /// `RoundSettled.model` is the winner's digest.
    function settle(uint256 task, bytes calldata menu, bytes calldata votes) external;

    /// @notice What the creator fixed beyond `params`.
    function candidateTerms(uint256 task) external view returns (CandidateTerms memory);

    /// @notice Records of all members, by index.
    function records(uint256 task) external view returns (Record[] memory);

    /// @notice What the last round that was not void makes anybody expect of the next menu.
    /// @return candidates How many that round's menu had; 0: there was none.
    /// @return improvements By how much the median voter found each of them but entry 0 better than entry 0, in order.
    function prior(uint256 task) external view returns (uint256 candidates, int256[] memory improvements);
}
