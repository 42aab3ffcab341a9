// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Braked} from "./Braked.sol";
import {IContributors} from "./IContributors.sol";
import {IFML} from "./IFML.sol";
import {IModels} from "./IModels.sol";

/// @title Documents of models' knowledge bases
/// @notice Whoever has one contributes it with a stake, by its digest. Holders of locked FML vote for `VOTE_S` whether it is
/// relevant, or malicious, by what they had locked when it came. It is accepted where relevant has more than both others
/// together and `quorumWei` at least; the stake comes back, but is burned where malicious has more than both others
/// together. The model's host credits what its answers have cited, and its contributors' share of what was paid since
/// goes by that. A host that does not is called for it by anybody; what waited then is shared out evenly `CREDIT_S` later,
/// burned where there is no document. What turns out to be bad later, the DAO removes.
contract Documents is IContributors, Braked {
    /// @notice How a holder judges a document.
    enum Verdict {
        NONE,
        RELEVANT,
        IRRELEVANT,
        MALICIOUS
    }

    /// @notice A document.
    struct Document {
        address contributor;
        uint48 countedAt; // the second by whose votes it is judged
        bool settled; // judged for good
        bool accepted;
        uint32 model;
        bytes32 digest;
        uint128 stakeWei;
        uint128 relevantWei;
        uint128 irrelevantWei;
        uint128 maliciousWei;
        uint64 uses; // how often it was credited
    }

    /// @notice A call for credit.
    struct Call {
        uint128 amountWei; // the contributors' share that waited then
        uint64 dueAt; // second from which it can be shared out; 0: there is no call
    }

    /// @notice Seconds of a vote.
    uint256 public constant VOTE_S = 3 days;
    /// @notice Seconds that a host has to credit documents once it was called for that.
    uint256 public constant CREDIT_S = 30 days;
    /// @notice Documents that one call credits at most.
    uint256 public constant MAX_CREDITED = 128;

    /// @notice The token.
    IFML public immutable fml;
    /// @notice The listings.
    IModels public immutable models;
    /// @notice The votes: VoteLock.
    IVotes public immutable votes;
    /// @notice The DAO's timelock.
    address public immutable dao;
    /// @notice Who sends the contributors' share; set once by the deployer.
    address public revenue;
    address private immutable _deployer;
    /// @notice The emergency brake.
    address public immutable brake;

    /// @notice Stake of later documents, in wei.
    uint128 public stakeWei;
    /// @notice Votes that accept a document at least, in wei.
    uint128 public quorumWei;

    Document[] private _documents;
    mapping(uint256 document => mapping(address holder => Verdict)) private _verdicts;
    mapping(uint256 model => mapping(bytes32 digest => uint256)) private _byDigest;
    mapping(uint256 model => uint256) private _accepted; // how many
    mapping(uint256 model => uint256) private _shareWei; // not credited yet
    mapping(address contributor => uint256) private _dueWei;
    mapping(uint256 model => Call) private _calls;
    mapping(uint256 model => uint256) private _eachWei; // shared out to each accepted document, since ever
    mapping(uint256 document => uint256) private _takenWei; // of `_eachWei`: what came before it, or is taken

    /// @notice A document was contributed.
    event Contributed(uint256 indexed document, uint256 indexed model, address indexed contributor, bytes32 digest);
    /// @notice A holder judged it with `votesWei`.
    event Judged(uint256 indexed document, address indexed holder, Verdict verdict, uint256 votesWei);
    /// @notice A document's vote is over.
    event Settled(uint256 indexed document, bool accepted, bool stakeBurned);
    /// @notice A document that was accepted is answered with no more.
    event Removed(uint256 indexed document);
    /// @notice A document was credited `uses` uses, and its contributor `amountWei`.
    event Credited(uint256 indexed document, uint256 uses, uint256 amountWei);
    /// @notice A host was called to credit documents: `amountWei` is shared out from second `dueAt` on if it does not.
    event CreditCalledFor(uint256 indexed model, uint256 amountWei, uint256 dueAt);
    /// @notice What no host has credited was shared out: `eachWei` to each of `documents`; burned where there are none.
    event SharedOut(uint256 indexed model, uint256 documents, uint256 eachWei, uint256 burnedWei);
    /// @notice A document's part of what was shared out became due to its contributor.
    event ShareTaken(uint256 indexed document, uint256 amountWei);
    /// @notice A contributor took what was due.
    event Withdrawn(address indexed contributor, uint256 amountWei);
    /// @notice The terms of later documents.
    event TermsSet(uint256 stakeWei, uint256 quorumWei);

    /// @notice There is no document of this number.
    error UnknownDocument(uint256 document);
    /// @notice `caller` may not do this, `needed` may.
    error NotAllowed(address caller, address needed);
    /// @notice A parameter is out of range.
    error BadParameter(string name, uint256 given);
    /// @notice This content is there already, as `document`.
    error AlreadyContributed(uint256 document);
    /// @notice The holder has judged it, or had no votes when it came.
    error CannotJudge(address holder, uint256 document);
    /// @notice The vote, or the time to credit, goes on until second `endsAt`, or has ended then; 0: it never began.
    error WrongTime(uint256 nowAt, uint256 endsAt);
    /// @notice The document is not one that this model answers with.
    error NotAccepted(uint256 document, uint256 model);

    constructor(
        address fml_,
        IModels models_,
        IVotes votes_,
        address dao_,
        address brake_,
        uint128 stakeWei_,
        uint128 quorumWei_
    ) {
        (fml, models, votes, dao, brake, _deployer) = (IFML(fml_), models_, votes_, dao_, brake_, msg.sender);
        _setTerms(stakeWei_, quorumWei_);
    }

    /// @notice Name who sends the contributors' share; once, by who deployed this.
    function setRevenue(address revenue_) external {
        if (msg.sender != _deployer || revenue != address(0)) revert NotAllowed(msg.sender, _deployer);
        revenue = revenue_;
    }

    // --- Contributors -----------------------------------------------------------------------------------------------

    /// @notice Contribute a document to a model, with the stake, which takes an allowance; not in a pause.
    function contribute(uint32 model, bytes32 digest) external returns (uint256 document) {
        _requireRunning();
        models.hostOf(model); // there must be one
        if (digest == 0) revert BadParameter("digest", 0);
        uint256 former = _byDigest[model][digest];
        if (former != 0 && !(_documents[former - 1].settled && !_documents[former - 1].accepted)) {
            revert AlreadyContributed(former);
        }
        Document storage added = _documents.push();
        document = _documents.length;
        (added.contributor, added.model, added.digest) = (msg.sender, model, digest);
        (added.countedAt, added.stakeWei) = (uint48(block.timestamp - 1), stakeWei);
        _byDigest[model][digest] = document;
        emit Contributed(document, model, msg.sender, digest);
        fml.transferFrom(msg.sender, address(this), stakeWei);
    }

    /// @notice Take what one's documents have earned.
    function withdraw() external returns (uint256 amountWei) {
        amountWei = _dueWei[msg.sender];
        _dueWei[msg.sender] = 0;
        emit Withdrawn(msg.sender, amountWei);
        fml.transfer(msg.sender, amountWei);
    }

    // --- Holders ----------------------------------------------------------------------------------------------------

    /// @notice Judge a document, once, while its vote goes on.
    function judge(uint256 document, Verdict verdict) external {
        Document storage judged = _document(document);
        uint256 endsAt = judged.countedAt + VOTE_S;
        if (block.timestamp >= endsAt) revert WrongTime(block.timestamp, endsAt);
        uint128 votesWei = SafeCast.toUint128(votes.getPastVotes(msg.sender, judged.countedAt));
        if (_verdicts[document][msg.sender] != Verdict.NONE || verdict == Verdict.NONE || votesWei == 0) {
            revert CannotJudge(msg.sender, document);
        }
        _verdicts[document][msg.sender] = verdict;
        if (verdict == Verdict.RELEVANT) judged.relevantWei += votesWei;
        else if (verdict == Verdict.IRRELEVANT) judged.irrelevantWei += votesWei;
        else judged.maliciousWei += votesWei;
        emit Judged(document, msg.sender, verdict, votesWei);
    }

    /// @notice End a document's vote, when it is over; by anybody.
    function settle(uint256 document) external {
        Document storage judged = _document(document);
        uint256 endsAt = judged.countedAt + VOTE_S;
        if (judged.settled || block.timestamp < endsAt) revert WrongTime(block.timestamp, endsAt);
        judged.settled = true;
        uint256 against = uint256(judged.irrelevantWei) + judged.maliciousWei;
        bool burned = judged.maliciousWei > uint256(judged.relevantWei) + judged.irrelevantWei;
        judged.accepted = judged.relevantWei > against && judged.relevantWei >= quorumWei;
        if (judged.accepted) {
            _accepted[judged.model] += 1;
            _takenWei[document] = _eachWei[judged.model];
        }
        emit Settled(document, judged.accepted, burned);
        if (burned) fml.burn(judged.stakeWei);
        else fml.transfer(judged.contributor, judged.stakeWei);
    }

    // --- Revenue and hosts ------------------------------------------------------------------------------------------

    /// @inheritdoc IContributors
    function onShare(uint256 model, uint256 amountWei) external {
        if (msg.sender != revenue) revert NotAllowed(msg.sender, revenue);
        _shareWei[model] += amountWei;
    }

    /// @notice Credit documents with how often answers have cited them since the last time; only the model's host. The
    /// contributors' share that has come since then goes by that, rounded down; what is left over waits for the next time.
    function credit(uint256 model, uint256[] calldata documents, uint64[] calldata uses) external {
        address host = models.hostOf(model);
        if (msg.sender != host) revert NotAllowed(msg.sender, host);
        if (documents.length == 0 || documents.length > MAX_CREDITED || documents.length != uses.length) {
            revert BadParameter("documents", documents.length);
        }
        uint256 all = 0;
        for (uint256 i = 0; i < uses.length; ++i) all += uses[i];
        if (all == 0) revert BadParameter("uses", 0);
        uint256 poolWei = _shareWei[model];
        uint256 paidWei = 0;
        for (uint256 i = 0; i < documents.length; ++i) {
            Document storage credited = _document(documents[i]);
            if (!credited.accepted || credited.model != model) revert NotAccepted(documents[i], model);
            uint256 amountWei = poolWei * uses[i] / all;
            credited.uses += uses[i];
            _dueWei[credited.contributor] += amountWei;
            paidWei += amountWei;
            emit Credited(documents[i], uses[i], amountWei);
        }
        _shareWei[model] = poolWei - paidWei;
        if (_calls[model].dueAt != 0) delete _calls[model];
    }

    // --- Without the host -------------------------------------------------------------------------------------------

    /// @notice Call for a host to credit documents with what waits of the contributors' share; by anybody, one call at a
    /// time. What comes later waits for the next call, so that a host has `CREDIT_S` for every wei.
    function callForCredit(uint256 model) external {
        uint256 waitingWei = _shareWei[model];
        if (waitingWei == 0) revert BadParameter("model", model);
        uint256 dueAt = _calls[model].dueAt;
        if (dueAt != 0) revert WrongTime(block.timestamp, dueAt);
        dueAt = block.timestamp + CREDIT_S;
        _calls[model] = Call(SafeCast.toUint128(waitingWei), uint64(dueAt));
        emit CreditCalledFor(model, waitingWei, dueAt);
    }

    /// @notice Share out what waited when the host was called, `CREDIT_S` after that; by anybody. Each document that the
    /// model answers with has the same, rounded down, and what is left over waits on; without any document it is burned.
    function shareOut(uint256 model) external {
        Call memory due = _calls[model];
        if (due.dueAt == 0 || block.timestamp < due.dueAt) revert WrongTime(block.timestamp, due.dueAt);
        delete _calls[model];
        uint256 among = _accepted[model];
        uint256 eachWei = among > 0 ? due.amountWei / among : 0;
        uint256 burnedWei = among > 0 ? 0 : due.amountWei;
        _eachWei[model] += eachWei;
        _shareWei[model] -= eachWei * among + burnedWei;
        emit SharedOut(model, among, eachWei, burnedWei);
        if (burnedWei > 0) fml.burn(burnedWei);
    }

    /// @notice Make a document's part of what was shared out due to its contributor; by anybody.
    function takeShare(uint256 document) external {
        Document storage taken = _document(document);
        if (!taken.accepted) revert NotAccepted(document, taken.model);
        _takeShare(document, taken);
    }

    /// @notice Take an accepted document out of its model's knowledge base; only the DAO. What it was credited, and its
    /// part of what was shared out, stays its contributor's, and the same content can be contributed anew.
    function remove(uint256 document) external {
        if (msg.sender != dao) revert NotAllowed(msg.sender, dao);
        Document storage removed = _document(document);
        if (!removed.accepted) revert NotAccepted(document, removed.model);
        _takeShare(document, removed);
        removed.accepted = false;
        _accepted[removed.model] -= 1;
        emit Removed(document);
    }

    /// @notice Set the terms of later documents; only the DAO.
    function setTerms(uint128 stakeWei_, uint128 quorumWei_) external {
        if (msg.sender != dao) revert NotAllowed(msg.sender, dao);
        _setTerms(stakeWei_, quorumWei_);
    }

    // --- What is known ----------------------------------------------------------------------------------------------

    /// @inheritdoc IContributors
    function hasAny(uint256 model) external view returns (bool) {
        return _accepted[model] > 0;
    }

    /// @notice How many documents were ever contributed; they are numbered from 1.
    function count() external view returns (uint256) {
        return _documents.length;
    }

    /// @notice A document.
    function documentOf(uint256 document) external view returns (Document memory) {
        return _document(document);
    }

    /// @notice How a holder has judged it.
    function verdictOf(uint256 document, address holder) external view returns (Verdict) {
        return _verdicts[document][holder];
    }

    /// @notice The call for credit of a model.
    function callOf(uint256 model) external view returns (Call memory) {
        return _calls[model];
    }

    /// @notice A document's part of what was shared out that is not taken yet, in wei.
    function untakenWei(uint256 document) external view returns (uint256) {
        Document storage held = _document(document);
        return held.accepted ? _eachWei[held.model] - _takenWei[document] : 0;
    }

    /// @notice A model's contributors' share that is neither credited nor shared out yet, in wei.
    function shareWei(uint256 model) external view returns (uint256) {
        return _shareWei[model];
    }

    /// @notice What a contributor can take, in wei.
    function dueWei(address contributor) external view returns (uint256) {
        return _dueWei[contributor];
    }

    function _brake() internal view override returns (address) {
        return brake;
    }

    function _takeShare(uint256 document, Document storage taken) private {
        uint256 eachWei = _eachWei[taken.model];
        uint256 amountWei = eachWei - _takenWei[document];
        _takenWei[document] = eachWei;
        _dueWei[taken.contributor] += amountWei;
        emit ShareTaken(document, amountWei);
    }

    function _document(uint256 document) private view returns (Document storage) {
        if (document == 0 || document > _documents.length) revert UnknownDocument(document);
        return _documents[document - 1];
    }

    function _setTerms(uint128 stakeWei_, uint128 quorumWei_) private {
        (stakeWei, quorumWei) = (stakeWei_, quorumWei_);
        emit TermsSet(stakeWei_, quorumWei_);
    }
}
