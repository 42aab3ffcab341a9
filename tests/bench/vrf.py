"""A VRF proof: CPU time in Python, gas on chain, and what each hint adds: `python tests/bench/vrf.py`."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from random import Random

from eth_account import Account
from web3.middleware import SignAndSendRawMiddlewareBuilder

from fl_alliance.chain import artifacts
from fl_alliance.chain.connect import connect
from fl_alliance.chain.vrf import Proof, VrfKey, verify

COUNT = 1_000
TRANSACTIONS = 200
BAR_MS = 0.3
BAR_GAS = 20_500
FUNDED = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


def cpu_ms(call: Callable[[bytes], object], inputs: list[bytes]) -> float:
    """Mean CPU time of a call over all inputs, the best of five passes."""
    passes = []
    for _ in range(5):
        start = time.process_time()
        for each in inputs:
            call(each)
        passes.append((time.process_time() - start) / len(inputs) * 1_000)
    return min(passes)


def gas_by_hints(hardfork: str, key: VrfKey, proofs: dict[bytes, Proof]) -> dict[int, list[int]]:
    """Gas of verifying transactions above the 21,000 of any transaction, by the number of hints."""
    w3 = connect(f"memory://?hardfork={hardfork}")
    caller = Account.from_key(FUNDED)
    w3.middleware_onion.inject(SignAndSendRawMiddlewareBuilder.build(caller), layer=0)
    artifact = artifacts.load("VrfHarness")
    creation = w3.eth.contract(abi=artifact.abi, bytecode=artifact.bytecode).constructor()
    address = w3.eth.wait_for_transaction_receipt(creation.transact({"from": caller.address}))["contractAddress"]
    harness = w3.eth.contract(address=address, abi=artifact.abi)
    gas: dict[int, list[int]] = defaultdict(list)
    for alpha, proof in proofs.items():
        sent = harness.functions.verify(key.public_x, alpha, proof.to_solidity()).transact({"from": caller.address})
        gas[len(proof.hints)].append(w3.eth.wait_for_transaction_receipt(sent)["gasUsed"] - 21_000)
    return gas


def main() -> None:
    rng = Random(1)
    key = VrfKey(rng.randbytes(32))
    inputs = [rng.randbytes(32) for _ in range(COUNT)]
    proofs = {alpha: key.prove(alpha) for alpha in inputs}
    print(f"prove   {cpu_ms(key.prove, inputs):.3f} ms CPU (bar {BAR_MS})")
    print(
        f"verify  {cpu_ms(lambda alpha: verify(key.public_x, alpha, proofs[alpha]), inputs):.3f} ms CPU (bar {BAR_MS})"
    )
    some = dict(list(proofs.items())[:TRANSACTIONS])
    for hardfork in ("prague", "osaka"):
        gas = gas_by_hints(hardfork, key, some)
        mean = statistics.mean(figure for figures in gas.values() for figure in figures)
        print(f"{hardfork}: mean {mean:,.0f} gas above base (bar {BAR_GAS:,})")
        for hints, figures in sorted(gas.items()):
            share = len(figures) / TRANSACTIONS
            print(f"  {hints} hints: {min(figures):,} to {max(figures):,} gas, {share:.1%} of the inputs")


if __name__ == "__main__":
    main()
