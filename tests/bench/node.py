"""CPU per transaction through web3: the embedded node beside EthereumTesterProvider, in one run.

    python tests/bench/node.py

Each figure is one signed transaction sent and its receipt fetched. The call is `Probe.work`, a settlement-like
mix of storage, keccak and checked arithmetic of about 150,000 gas. Bars: 4 ms a transfer, 22 ms a call.
"""

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend
from web3 import EthereumTesterProvider, Web3

from fl_alliance.chain.connect import close, connect

PROBE = json.loads((Path(__file__).parents[1] / "chain" / "node" / "probe.json").read_text())
MNEMONIC = "test test test test test test test test test test test junk"
SENDER = Account.from_key("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
TRANSFER_BAR_MS, CALL_BAR_MS = 4.0, 22.0
RECOVERIES = 500


class Bench:
    """Signs beforehand, so that only the node and web3 are measured."""

    def __init__(self, w3: Web3) -> None:
        self.w3 = w3
        self.nonce: int = w3.eth.get_transaction_count(SENDER.address)

    def signed(self, **fields: Any) -> bytes:
        defaults = {
            "chainId": self.w3.eth.chain_id,
            "nonce": self.nonce,
            "gas": 1_000_000,
            "maxFeePerGas": 3 * 10**9,
            "maxPriorityFeePerGas": 10**9,
            "value": 0,
        }
        self.nonce += 1
        return bytes(SENDER.sign_transaction(defaults | fields).raw_transaction)

    def send(self, raw: bytes) -> Any:
        receipt = self.w3.eth.wait_for_transaction_receipt(self.w3.eth.send_raw_transaction(raw))
        if receipt["status"] != 1:
            raise SystemExit(f"transaction {receipt['transactionHash'].hex()} failed")
        return receipt

    def cpu_ms(self, raws: list[bytes]) -> tuple[float, int]:
        """Return milliseconds of CPU per transaction and the gas of the last."""
        started = time.process_time()
        gas = [self.send(raw)["gasUsed"] for raw in raws]
        return (time.process_time() - started) * 1000 / len(raws), gas[-1]


def measure(w3: Web3) -> dict[str, tuple[float, int]]:
    bench = Bench(w3)
    probe = w3.eth.contract(abi=PROBE["abi"], bytecode=PROBE["bytecode"])
    deploy = probe.constructor(b"origin".ljust(32, b"\0")).data_in_transaction
    address = bench.send(bench.signed(data=deploy, gas=3_000_000))["contractAddress"]
    probe = w3.eth.contract(address, abi=PROBE["abi"])
    work = [probe.encode_abi("work", [140, 0]), probe.encode_abi("work", [140, 3])]
    bench.send(bench.signed(to=address, data=work[0]))
    signature = SENDER.unsafe_sign_hash(b"\x07" * 32)
    point = (signature.v, signature.r.to_bytes(32), signature.s.to_bytes(32))
    recover = probe.encode_abi("recover", [b"\x07" * 32, *point, RECOVERIES])
    return {
        "transfer": bench.cpu_ms([bench.signed(to=OTHER, value=1, gas=21_000) for _ in range(100)]),
        "150k call": bench.cpu_ms([bench.signed(to=address, data=work[i == 0]) for i in range(1, 31)]),
        f"{RECOVERIES} ecrecovers": bench.cpu_ms([bench.signed(to=address, data=recover, gas=5_000_000)]),
    }


def main() -> int:
    results = {
        "EthereumTester": measure(
            Web3(EthereumTesterProvider(EthereumTester(PyEVMBackend.from_mnemonic(MNEMONIC, hd_path="m/44'/60'/0'/0"))))
        )
    }
    with TemporaryDirectory() as folder:
        for url in ("memory://", f"file://{folder}/chain.db"):
            w3 = connect(url)
            results[url.split("/")[0] + "//"] = measure(w3)
            close(w3)
    rows = list(results["memory://"])
    print(f"{'CPU ms':>16}" + "".join(f"{row:>18}" for row in rows))
    for name, result in results.items():
        print(f"{name:>16}" + "".join(f"{result[row][0]:>18.2f}" for row in rows))
    print(f"{'gas':>16}" + "".join(f"{results['memory://'][row][1]:>18}" for row in rows))
    transfer, call = results["memory://"]["transfer"][0], results["memory://"]["150k call"][0]
    met = transfer <= TRANSFER_BAR_MS and call <= CALL_BAR_MS
    verdict = "met" if met else "MISSED"
    print(f"bars: transfer {transfer:.2f} of {TRANSFER_BAR_MS} ms, call {call:.2f} of {CALL_BAR_MS} ms: {verdict}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
