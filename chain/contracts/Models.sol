// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Braked} from "./Braked.sol";
import {ICallers} from "./ICallers.sol";
import {IFML} from "./IFML.sol";
import {IModels} from "./IModels.sol";

/// @title The marketplace's models
/// @notice Documented in IModels.
contract Models is IModels, Braked {
    /// @dev What a caller gave.
    struct Stars {
        uint8 stars;
        uint128 spentWei; // what it had spent when it did
    }

    /// @notice Seconds that a stake stays after its listing was closed at most.
    uint256 public constant MAX_RELEASE_S = 90 days;

    /// @notice The token.
    IFML public immutable fml;
    /// @notice The DAO's timelock.
    address public immutable dao;
    /// @notice Knows who has paid; set once by the deployer.
    ICallers public callers;
    address private immutable _deployer;
    /// @notice The emergency brake.
    address public immutable brake;

    /// @notice Least stake of a listing, in wei.
    uint256 public minStakeWei;
    /// @notice Seconds that a stake stays after its listing was closed.
    uint256 public releaseS;

    Listing[] private _listings;
    mapping(uint256 model => uint256) private _freeAt;
    mapping(address host => mapping(bytes32 digest => uint256)) private _models;
    mapping(uint256 model => Rating) private _ratings;
    mapping(uint256 model => mapping(address caller => Stars)) private _stars;

    constructor(address fml_, address dao_, address brake_, uint256 minStakeWei_, uint256 releaseS_) {
        (fml, dao, brake, _deployer) = (IFML(fml_), dao_, brake_, msg.sender);
        _setTerms(minStakeWei_, releaseS_);
    }

    /// @notice Name who knows who has paid; once, by who deployed this.
    function setCallers(ICallers callers_) external {
        if (msg.sender != _deployer || address(callers) != address(0)) revert NotAllowed(msg.sender, _deployer);
        callers = callers_;
    }

    /// @inheritdoc IModels
    function list(Listing calldata wanted) external returns (uint256 model) {
        _requireRunning();
        if (wanted.stakeWei < minStakeWei) revert BadParameter("stakeWei", wanted.stakeWei);
        if (wanted.digest == 0) revert BadParameter("digest", 0);
        uint256 former = _models[msg.sender][wanted.digest];
        if (former != 0 && !_listings[former - 1].closed) revert AlreadyListed(former);
        if (wanted.follows != 0) _requireHost(wanted.follows);
        _listings.push(wanted);
        model = _listings.length;
        Listing storage listing = _listings[model - 1];
        (listing.host, listing.listedAt, listing.closed) = (msg.sender, uint64(block.timestamp), false);
        _models[msg.sender][wanted.digest] = model;
        emit Listed(model, msg.sender, wanted.digest, wanted.follows);
        emit PriceSet(model, wanted.priceWei);
        fml.transferFrom(msg.sender, address(this), wanted.stakeWei);
    }

    /// @inheritdoc IModels
    function setPrice(uint256 model, uint128 priceWei) external {
        Listing storage listing = _requireHost(model);
        if (listing.closed) revert ListingClosed(model, true);
        listing.priceWei = priceWei;
        emit PriceSet(model, priceWei);
    }

    /// @inheritdoc IModels
    function close(uint256 model) external {
        Listing storage listing = _requireHost(model);
        if (listing.closed) revert ListingClosed(model, true);
        listing.closed = true;
        _freeAt[model] = block.timestamp + releaseS;
        emit Closed(model, false, _freeAt[model]);
    }

    /// @inheritdoc IModels
    function expel(uint256 model) external {
        if (msg.sender != dao) revert NotAllowed(msg.sender, dao);
        Listing storage listing = _listing(model);
        uint256 stakeWei = listing.stakeWei;
        (listing.closed, listing.stakeWei) = (true, 0);
        delete _freeAt[model];
        emit Closed(model, true, 0);
        if (stakeWei > 0) fml.burn(stakeWei);
    }

    /// @inheritdoc IModels
    function withdrawStake(uint256 model) external {
        Listing storage listing = _requireHost(model);
        if (!listing.closed) revert ListingClosed(model, false);
        uint256 stakeWei = listing.stakeWei;
        if (stakeWei == 0 || block.timestamp < _freeAt[model]) revert StakeHeld(stakeWei == 0 ? 0 : _freeAt[model]);
        listing.stakeWei = 0;
        emit StakeReturned(model, stakeWei);
        fml.transfer(msg.sender, stakeWei);
    }

    /// @inheritdoc IModels
    function rate(uint256 model, uint8 stars) external {
        _listing(model);
        if (stars == 0 || stars > 5) revert BadParameter("stars", stars);
        uint256 spentWei = callers.spentWei(model, msg.sender);
        if (spentWei == 0) revert NotCaller(msg.sender, model);
        Rating storage rating = _ratings[model];
        Stars memory former = _stars[model][msg.sender];
        if (former.stars == 0) rating.raters += 1;
        rating.spentWei = SafeCast.toUint192(rating.spentWei + spentWei - former.spentWei);
        rating.starredWei = rating.starredWei + spentWei * stars - uint256(former.spentWei) * former.stars;
        _stars[model][msg.sender] = Stars(stars, SafeCast.toUint128(spentWei));
        emit Rated(model, msg.sender, stars, spentWei);
    }

    /// @inheritdoc IModels
    function setTerms(uint256 minStakeWei_, uint256 releaseS_) external {
        if (msg.sender != dao) revert NotAllowed(msg.sender, dao);
        _setTerms(minStakeWei_, releaseS_);
    }

    /// @inheritdoc IModels
    function count() external view returns (uint256) {
        return _listings.length;
    }

    /// @inheritdoc IModels
    function listingOf(uint256 model) external view returns (Listing memory) {
        return _listing(model);
    }

    /// @inheritdoc IModels
    function hostOf(uint256 model) external view returns (address) {
        return _listing(model).host;
    }

    /// @inheritdoc IModels
    function modelOf(address host, bytes32 digest) external view returns (uint256) {
        return _models[host][digest];
    }

    /// @inheritdoc IModels
    function ratingOf(uint256 model) external view returns (Rating memory) {
        return _ratings[model];
    }

    /// @inheritdoc IModels
    function starsOf(uint256 model, address caller) external view returns (uint256) {
        return _stars[model][caller].stars;
    }

    function _brake() internal view override returns (address) {
        return brake;
    }

    function _listing(uint256 model) private view returns (Listing storage) {
        if (model == 0 || model > _listings.length) revert UnknownModel(model);
        return _listings[model - 1];
    }

    function _requireHost(uint256 model) private view returns (Listing storage listing) {
        listing = _listing(model);
        if (msg.sender != listing.host) revert NotAllowed(msg.sender, listing.host);
    }

    function _setTerms(uint256 minStakeWei_, uint256 releaseS_) private {
        if (releaseS_ > MAX_RELEASE_S) revert BadParameter("releaseS", releaseS_);
        (minStakeWei, releaseS) = (minStakeWei_, releaseS_);
        emit TermsSet(minStakeWei_, releaseS_);
    }
}
