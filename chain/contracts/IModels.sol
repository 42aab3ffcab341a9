// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title The marketplace's models: listings, their versions, ratings and host stakes
/// @notice A host stakes to list a model by the digest of its content, with the digests of its card and lineage and the
/// task that it came from, and names a price. What a model earns goes through Revenue, which asks here who its host is.
interface IModels {
    /// @notice What stands for a listing; a new version names the one that it follows, of the same host.
    struct Listing {
        address host; // who is paid, and may change the price
        uint64 listedAt; // second
        uint32 follows; // the former version; 0: the first
        bool closed; // takes no more calls
        bytes32 digest; // of the model's content
        bytes32 card; // of its card
        bytes32 lineage; // of its lineage
        address source; // of the task it came from: an Arena, or an Alliance's market; zero: none of these
        uint64 task; // its number there
        uint128 priceWei; // of a call, or of a thousand tokens where it speaks
        uint128 stakeWei; // the host's
    }

    /// @notice What callers think of a model. Stars weigh by what their giver had spent on it: who splits a payment among
    /// accounts gains no weight, and one paid call moves nothing.
    struct Rating {
        uint64 raters;
        uint192 spentWei; // what the raters had spent when they rated
        uint256 starredWei; // sum of stars, 1 to 5, times that
    }

    /// @notice A model was listed.
    event Listed(uint256 indexed model, address indexed host, bytes32 indexed digest, uint256 follows);
    /// @notice Its host set its price.
    event PriceSet(uint256 indexed model, uint256 priceWei);
    /// @notice Its host closed it, or the DAO did, which takes the stake.
    event Closed(uint256 indexed model, bool expelled, uint256 freeAt);
    /// @notice A host has its stake back.
    event StakeReturned(uint256 indexed model, uint256 stakeWei);
    /// @notice A caller rated a model, or rated it anew.
    event Rated(uint256 indexed model, address indexed caller, uint256 stars, uint256 spentWei);
    /// @notice The least stake of later listings, and how long it stays after one is closed.
    event TermsSet(uint256 minStakeWei, uint256 releaseS);

    /// @notice There is no model of this number.
    error UnknownModel(uint256 model);
    /// @notice `caller` may not do this, `needed` may.
    error NotAllowed(address caller, address needed);
    /// @notice A parameter is out of range.
    error BadParameter(string name, uint256 given);
    /// @notice The model is closed, or, where its stake is asked for, it is not.
    error ListingClosed(uint256 model, bool closed);
    /// @notice This host has this content listed, as `model`.
    error AlreadyListed(uint256 model);
    /// @notice The stake is free from second `freeAt` on, or gone where that is zero.
    error StakeHeld(uint256 freeAt);
    /// @notice Who has paid for no call of it does not rate it.
    error NotCaller(address caller, uint256 model);

    /// @notice List a model, with a stake of `stakeWei`, which takes an allowance; not in a pause.
    function list(Listing calldata wanted) external returns (uint256 model);

    /// @notice Set the price; only its host.
    function setPrice(uint256 model, uint128 priceWei) external;

    /// @notice Close a listing; only its host, whose stake is free `releaseS` later.
    function close(uint256 model) external;

    /// @notice Close a listing whose host deceives, and burn its stake; only the DAO.
    function expel(uint256 model) external;

    /// @notice Take the stake of a closed listing back.
    function withdrawStake(uint256 model) external;

    /// @notice Rate a model, 1 to 5; who has paid for a call, once or anew, with the weight of what it has spent by now.
    function rate(uint256 model, uint8 stars) external;

    /// @notice Set the terms of later listings; only the DAO.
    function setTerms(uint256 minStakeWei, uint256 releaseS) external;

    /// @notice How many models were ever listed; they are numbered from 1.
    function count() external view returns (uint256);

    /// @notice A listing.
    function listingOf(uint256 model) external view returns (Listing memory);

    /// @notice Who is paid for a model's calls.
    function hostOf(uint256 model) external view returns (address);

    /// @notice The newest listing of this content by this host, 0 where there is none.
    function modelOf(address host, bytes32 digest) external view returns (uint256);

    /// @notice What callers think of it.
    function ratingOf(uint256 model) external view returns (Rating memory);

    /// @notice The stars that `caller` gave, 0 where it gave none.
    function starsOf(uint256 model, address caller) external view returns (uint256);
}
