// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Vrf} from "../Vrf.sol";

/// @title `Vrf.verify` without assembly: what the tests hold the library against
library VrfPlain {
    uint256 private constant P = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;
    uint256 private constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    bytes1 private constant SUITE = 0xFE;

    function verify(uint256 publicX, bytes32 input, Vrf.Proof calldata proof) internal pure returns (bytes32 beta) {
        _require(proof.s < N && proof.slope < P, Vrf.Check.Scalar);
        _require(proof.sHX != proof.cGammaX, Vrf.Check.Line);
        uint256 hX = _hashToCurve(publicX, input, proof.hints);
        uint256 c = _challenge(publicX, hX, proof);
        _requireU(publicX, c, proof);
        address sH = ecrecover(0, 27, bytes32(hX), bytes32(mulmod(proof.s, hX, N)));
        _require(sH != address(0) && sH == _address(proof.sHX, proof.sHY), Vrf.Check.SH);
        uint8 v = proof.gammaOdd ? 28 : 27;
        address cGamma = ecrecover(0, v, bytes32(proof.gammaX), bytes32(mulmod(c, proof.gammaX, N)));
        uint256 cGammaY = _negated(_lineAt(proof, proof.cGammaX));
        _require(cGamma != address(0) && cGamma == _address(proof.cGammaX, cGammaY), Vrf.Check.CGamma);
        return sha256(abi.encodePacked(SUITE, hex"03", _prefix(proof.gammaOdd), proof.gammaX, hex"00"));
    }

    /// @dev r^-1 (tR - hG) for r = publicX, h = -sr and t = -cr is sG - cY.
    function _requireU(uint256 publicX, uint256 c, Vrf.Proof calldata proof) private pure {
        uint256 h = N - mulmod(proof.s, publicX, N);
        uint256 t = N - mulmod(c, publicX, N);
        address u = ecrecover(bytes32(h), 27, bytes32(publicX), bytes32(t));
        _require(u != address(0) && u == _address(proof.uX, proof.uY), Vrf.Check.U);
    }

    function _hashToCurve(uint256 publicX, bytes32 input, uint256[] calldata hints) private pure returns (uint256) {
        _require(hints.length < Vrf.MAX_CANDIDATES, Vrf.Check.HintCount);
        for (uint256 i = 0; i < hints.length; ++i) {
            uint256 x = _candidate(publicX, input, i);
            uint256 square = mulmod(hints[i], hints[i], P);
            uint256 curve = addmod(mulmod(mulmod(x, x, P), x, P), 7, P);
            _require(hints[i] <= P / 2 && square == _negated(curve), Vrf.Check.Hint);
        }
        return _candidate(publicX, input, hints.length);
    }

    function _candidate(uint256 publicX, bytes32 input, uint256 counter) private pure returns (uint256) {
        return uint256(sha256(abi.encodePacked(SUITE, hex"0102", publicX, input, uint8(counter), hex"00")));
    }

    function _challenge(uint256 publicX, uint256 hX, Vrf.Proof calldata proof) private pure returns (uint256) {
        uint256 sum = addmod(proof.sHX, proof.cGammaX, P);
        uint256 vX = addmod(mulmod(proof.slope, proof.slope, P), _negated(sum), P);
        uint256 vY = _negated(_lineAt(proof, vX));
        bytes memory points = abi.encodePacked(hex"02", publicX, hex"02", hX, _prefix(proof.gammaOdd), proof.gammaX);
        bytes memory nonces = abi.encodePacked(_prefix(proof.uY % 2 == 1), proof.uX, _prefix(vY % 2 == 1), vX);
        return uint256(sha256(abi.encodePacked(SUITE, hex"02", points, nonces, hex"00"))) >> 128;
    }

    /// @dev The y at `x` of the line through sH.
    function _lineAt(Vrf.Proof calldata proof, uint256 x) private pure returns (uint256) {
        uint256 run = addmod(x, _negated(proof.sHX), P);
        return addmod(proof.sHY, mulmod(proof.slope, run, P), P);
    }

    function _negated(uint256 value) private pure returns (uint256) {
        return mulmod(P - 1, value, P);
    }

    function _prefix(bool odd) private pure returns (bytes1) {
        return odd ? bytes1(0x03) : bytes1(0x02);
    }

    function _address(uint256 x, uint256 y) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(x, y)))));
    }

    function _require(bool holds, Vrf.Check check) private pure {
        if (!holds) revert Vrf.VrfProofRejected(check);
    }
}
