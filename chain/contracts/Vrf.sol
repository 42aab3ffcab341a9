// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Verifier of ECVRF-SECP256K1-SHA256-TAI proofs
/// @notice RFC 9381's layout with suite string 0xFE on secp256k1. A key is the x of a point Y with an even y.
/// @dev The prover sends the points that would be dear to compute. With U = sG - cY and V = sH - cΓ, V follows from sH,
/// cΓ and the slope between them, and the challenge c from U and V. `ecrecover` then multiplies: for a point R with
/// x = r it returns the address of r^-1 (tR - hG), so t = mr gives the address of mR, and an address fixes a point as
/// firmly as keccak256 does. It wants 0 < r, t < n and R on the curve, which is also what checks Y, H and Γ.
/// The assembly saves 2,500 gas of 21,300; `harness/VrfPlain.sol` says the same without it and is tested beside it.
library Vrf {
    /// @notice What a proof failed at.
    enum Check {
        Scalar, // s is not below n, or the slope not below p
        HintCount, // MAX_CANDIDATES hints or more
        Hint, // a hint does not disprove its candidate
        Line, // sH and cΓ have one x: they define no line
        U, // U is not sG - cY, or Y is no point
        SH, // sH is not s times H, or H is no point
        CGamma // cΓ is not c times Γ, or Γ is no point
    }

    /// @notice A proof together with the points that spare the verifier its curve arithmetic.
    struct Proof {
        uint256 gammaX; // x of Γ = xH, x being the secret key
        bool gammaOdd; // whether Γ's y is odd
        uint256 s; // response k + cx mod n
        uint256 uX; // U = sG - cY
        uint256 uY;
        uint256 sHX; // sH
        uint256 sHY;
        uint256 cGammaX; // x of cΓ; its y follows from the slope
        uint256 slope; // of the line through sH and -cΓ, below p
        uint256[] hints; // for each x that try-and-increment rejects, the root of -(x^3 + 7) that is at most (p-1)/2
    }

    /// @notice The proof does not show an output of this key at this input.
    error VrfProofRejected(Check failed);

    /// @notice Candidates that hash-to-curve tries; one input in 2^64 has no point among them.
    uint256 internal constant MAX_CANDIDATES = 64;

    uint256 private constant P = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;
    uint256 private constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    /// @notice The input of one evaluation, bound to this contract and chain.
    /// @param tag What the output is for: 0 registration, 1 the draw of proposers, 2 the draw of voters.
    function alpha(uint8 tag, uint256 taskId, uint32 round, address node, bytes32 seed)
        internal
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(address(this), block.chainid, tag, taskId, round, node, seed));
    }

    /// @notice The output of key `publicX` at `input`; reverts with VrfProofRejected unless `proof` shows it.
    function verify(uint256 publicX, bytes32 input, Proof calldata proof) internal view returns (bytes32 beta) {
        if (proof.s >= N || proof.slope >= P) revert VrfProofRejected(Check.Scalar);
        if (proof.sHX == proof.cGammaX) revert VrfProofRejected(Check.Line);
        uint256 hX = _hashToCurve(publicX, input, proof.hints);
        uint256 c;
        (c, beta) = _hashes(publicX, hX, proof);
        unchecked {
            // the address of sG - cY is that of r^-1 (tY - hG) for h = -sr and t = -cr
            uint256 h = N - mulmod(proof.s, publicX, N);
            if (!_gives(h, 27, publicX, N - mulmod(c, publicX, N), proof.uX, proof.uY)) {
                revert VrfProofRejected(Check.U);
            }
        }
        if (!_gives(0, 27, hX, mulmod(proof.s, hX, N), proof.sHX, proof.sHY)) revert VrfProofRejected(Check.SH);
        unchecked {
            uint256 v = proof.gammaOdd ? 28 : 27;
            uint256 y = _reflectedLine(proof, proof.cGammaX);
            if (!_gives(0, v, proof.gammaX, mulmod(c, proof.gammaX, N), proof.cGammaX, y)) {
                revert VrfProofRejected(Check.CGamma);
            }
        }
    }

    /// @dev Minus the y of the line at `x`: -cΓ and -V lie on it, so this is the y of cΓ at its x, and of V at V's.
    function _reflectedLine(Proof calldata proof, uint256 x) private pure returns (uint256) {
        unchecked {
            uint256 run = addmod(proof.sHX, mulmod(P - 1, x, P), P);
            return addmod(mulmod(proof.slope, run, P), mulmod(P - 1, proof.sHY, P), P);
        }
    }

    /// @dev Whether `ecrecover(h, v, r, t)` is the address of the point (x, y); false where it recovers nothing.
    function _gives(uint256 h, uint256 v, uint256 r, uint256 t, uint256 x, uint256 y) private view returns (bool same) {
        assembly ("memory-safe") {
            let args := mload(0x40)
            mstore(args, h)
            mstore(add(args, 0x20), v)
            mstore(add(args, 0x40), r)
            mstore(add(args, 0x60), t)
            mstore(0x00, x)
            mstore(0x20, y)
            let point := shr(96, shl(96, keccak256(0x00, 0x40)))
            let done := staticcall(gas(), 1, args, 0x80, 0x00, 0x20)
            // a failed recovery succeeds as a call and returns no bytes
            same := and(and(done, eq(returndatasize(), 0x20)), eq(mload(0x00), point))
        }
    }

    /// @dev The first candidate that no hint disproves. Whether it is on the curve, `ecrecover` decides.
    function _hashToCurve(uint256 publicX, bytes32 input, uint256[] calldata hints) private view returns (uint256 x) {
        if (hints.length >= MAX_CANDIDATES) revert VrfProofRejected(Check.HintCount);
        bool disproved = true;
        assembly ("memory-safe") {
            // suite, 0x01, compressed key, input, counter, 0x00: 69 bytes
            let text := mload(0x40)
            mstore(text, shl(232, 0xfe0102))
            mstore(add(text, 3), publicX)
            mstore(add(text, 35), input)
            mstore(add(text, 67), 0)
            for { let i := 0 } 1 { i := add(i, 1) } {
                mstore8(add(text, 67), i)
                // sha256 fails only where the gas is out, and then ends like that
                if iszero(staticcall(gas(), 2, text, 69, 0x00, 0x20)) { revert(0, 0) }
                x := mload(0x00)
                if eq(i, hints.length) { break }
                // -1 has no root mod p, so a root of -(x^3 + 7) shows that x^3 + 7 has none
                let hint := calldataload(add(hints.offset, shl(5, i)))
                let sum := addmod(mulmod(hint, hint, P), addmod(mulmod(mulmod(x, x, P), x, P), 7, P), P)
                disproved := and(disproved, and(iszero(sum), iszero(gt(hint, shr(1, P)))))
            }
        }
        if (!disproved) revert VrfProofRejected(Check.Hint);
    }

    /// @dev The challenge c and the output beta of the proof. Words beyond p are taken as their remainders; that the
    /// points are the ones they should be, and so below p, is checked by their addresses.
    function _hashes(uint256 publicX, uint256 hX, Proof calldata proof) private view returns (uint256 c, bytes32 beta) {
        uint256 sum = addmod(proof.sHX, proof.cGammaX, P);
        uint256 vX = addmod(mulmod(proof.slope, proof.slope, P), mulmod(P - 1, sum, P), P);
        uint256 vY = _reflectedLine(proof, vX);
        assembly ("memory-safe") {
            // suite, 0x02, compressed Y, H, Γ, U and V, 0x00: 168 bytes
            let text := mload(0x40)
            mstore(text, shl(232, 0xfe0202))
            mstore(add(text, 3), publicX)
            mstore8(add(text, 35), 2)
            mstore(add(text, 36), hX)
            mstore8(add(text, 68), add(2, calldataload(add(proof, 0x20))))
            mstore(add(text, 69), calldataload(proof))
            mstore8(add(text, 101), add(2, and(calldataload(add(proof, 0x80)), 1)))
            mstore(add(text, 102), calldataload(add(proof, 0x60)))
            mstore8(add(text, 134), add(2, and(vY, 1)))
            mstore(add(text, 135), vX)
            mstore8(add(text, 167), 0)
            if iszero(staticcall(gas(), 2, text, 168, 0x00, 0x20)) { revert(0, 0) }
            c := shr(128, mload(0x00))
            // suite, 0x03, compressed Γ, 0x00: 36 bytes
            mstore8(add(text, 66), 0xfe)
            mstore8(add(text, 67), 3)
            mstore8(add(text, 101), 0)
            if iszero(staticcall(gas(), 2, add(text, 66), 36, 0x00, 0x20)) { revert(0, 0) }
            beta := mload(0x00)
        }
    }
}
