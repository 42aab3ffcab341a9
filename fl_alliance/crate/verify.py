"""Verify an archive of a federated training without the software that made it: python3 verify.py ARCHIVE_FOLDER

Written into every archive. Checks with Python's own library: every file against SHA256SUMS and the metadata, every
transcript against its name, and that each starts from the model which the one before ended with. With eth-account,
the library of wallets (pip install eth-account): that members signed the proposals and commitments told of them,
and that the trees over each round's signed messages have the roots that the coordinator posted on chain.
Prints what holds; ends with exit code 1 and the first thing that does not.
"""

import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

try:
    from eth_account import Account
    from eth_account.messages import encode_typed_data
    from eth_utils.crypto import keccak
except ImportError:
    CAN_RECOVER = False
else:
    CAN_RECOVER = True

DEPTH, PLACES = 12, 1024
"""Levels of a transcript's tree, and how many members each of its four kinds has room for."""
TYPES = {
    "Proposal": {"task": "uint256", "round": "uint32", "update": "bytes32"},
    "Commitment": {"task": "uint256", "round": "uint32", "motion": "bytes32", "commitment": "bytes32"},
}


def main(root: Path) -> int:
    """Verify the archive in a folder."""
    try:
        for line in checks(root):
            print(line)
    except AssertionError as failed:
        print(f"does not hold: {failed}", file=sys.stderr)
        return 1
    return 0


def checks(root: Path) -> Iterator[str]:
    """Check one thing after another and yield what holds; raises `AssertionError`."""
    yield f"{check_files(root)} files are those that were archived"
    lineage = json.loads((root / "lineage.json").read_text())
    transcripts = list(check_transcripts(root, lineage))
    yield f"{len(transcripts)} transcripts lead from model {lineage['initial_model']} to {lineage['final_model']}"
    if not CAN_RECOVER:
        yield "signatures and roots were not verified: needed pip install eth-account"
        return
    signed = sum(check_signatures(transcript["chain"], transcript["relayer"], lineage) for transcript in transcripts)
    yield f"{signed} proposals and commitments are signed by the members they are told of"
    posted = check_roots(transcripts, lineage, transactions(root / "run" / "chain.db"))
    yield f"{posted} roots of transcripts are in transactions of the chain file"


def check_files(root: Path) -> int:
    """Compare every file with the sums, and the metadata with both; return how many there are."""
    lines = [line.split("  ", 1) for line in (root / "SHA256SUMS").read_text().splitlines()]
    sums = {name: digest for digest, name in lines}
    for name, digest in sums.items():
        need(sha256(root / name) == digest, f"{name} is not the file that was archived")
    graph = json.loads((root / "ro-crate-metadata.json").read_text())["@graph"]
    told = {entity["@id"]: entity["sha256"] for entity in graph if entity["@type"] == "File"}
    need(told == {name: digest for name, digest in sums.items() if name in told}, "metadata and sums differ")
    here = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and not is_left(path)}
    need(here - {"SHA256SUMS"} == set(sums), f"files without a sum: {sorted(here - {'SHA256SUMS'} ^ set(sums))}")
    return len(sums)


def is_left(path: Path) -> bool:
    """Return whether SQLite left this file beside the chain when somebody read it: an index, or an empty log."""
    return path.name == "chain.db-shm" or (path.name == "chain.db-wal" and not path.stat().st_size)


def check_transcripts(root: Path, lineage: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the transcripts in order, each whole and going on from the one before."""
    model = lineage["initial_model"]
    for told in lineage["rounds"]:
        name = f"{told['round']:05}-{told['transcript']}.json"
        path = root / "run" / "transcripts" / name
        need(sha256(path) == told["transcript"], f"{name} is not what its name says")
        transcript: dict[str, Any] = json.loads(path.read_bytes())
        account = transcript["chain"]
        need(account["previous"] == model, f"{name} starts from another model than the one before ended with")
        need(account["round"] == told["round"], f"{name} is of round {account['round']}")
        model = account["model"]
        yield transcript | {"digest": told["transcript"]}
    need(model == lineage["final_model"], f"the last transcript ends with model {model}")


def check_signatures(account: dict[str, Any], relayer: dict[str, Any] | None, lineage: dict[str, Any]) -> int:
    """Recover who signed each proposal and commitment of a round; return how many there are."""
    said = [("Proposal", one, {"update": one["update"]}) for one in account["proposals"]]
    for one in [*(relayer or {}).get("commitments", ()), *account["commitments"]]:
        said.append(("Commitment", one, {"motion": account["motion"], "commitment": one["commitment"]}))
    for kind, one, content in said:
        domain = {"name": "FL Alliance", "version": "1", "chainId": account["chain"]}
        domain |= {"verifyingContract": account["contract"]}
        message = {"task": account["task"], "round": account["round"]}
        message |= {name: bytes.fromhex(value) for name, value in content.items()}
        types = {kind: [{"name": name, "type": kind_of} for name, kind_of in TYPES[kind].items()]}
        r, vs = one["signature"][:64], int(one["signature"][64:], 16)
        s, v = vs & ((1 << 255) - 1), 27 + (vs >> 255)
        signature = bytes.fromhex(f"{r}{s:064x}{v:02x}")
        signer = Account.recover_message(encode_typed_data(domain, types, message), signature=signature)
        member = lineage["members"][one["member"]]
        need(signer == member, f"round {account['round']}: {kind} of {member} is signed by {signer}")
    return len(said)


def check_roots(transcripts: list[dict[str, Any]], lineage: dict[str, Any], chain: list[bytes]) -> int:
    """Make the root of every transcript whose root was posted, and find it on the chain; return how many there are."""
    posted = {told["round"]: told["posted_root"] for told in lineage["rounds"] if told["posted_root"]}
    for transcript in transcripts:
        number = transcript["chain"]["round"]
        if number in posted:
            made = root_of(leaves(transcript))
            need(made.hex() == posted[number], f"round {number}: the tree's root is {made.hex()}, not what was posted")
            need(any(made in one for one in chain), f"round {number}: root {made.hex()} is in no transaction")
    return len(posted)


def transactions(path: Path) -> list[bytes]:
    """Return every transaction of a chain file, as it was signed."""
    with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?immutable=1", uri=True)) as chain:
        return [bytes(raw) for (raw,) in chain.execute("SELECT tx FROM block ORDER BY number")]


def leaves(transcript: dict[str, Any]) -> dict[int, bytes]:
    """Return the leaves of a transcript's tree by their place: kind * 1024 + member."""
    account, relayer = transcript["chain"], transcript["relayer"] or {}
    motion = bytes.fromhex(account["motion"] or "00" * 32)
    found = {one["member"]: leaf(one["update"], bytes(32), one["signature"]) for one in account["proposals"]}
    for one in [*relayer.get("commitments", ()), *account["commitments"]]:
        found[PLACES + one["member"]] = leaf(one["commitment"], motion, one["signature"])
    for vote in account["votes"]:
        found[2 * PLACES + vote["member"]] = leaf(vote_value(vote), motion, vote["signature"])
    found[3 * PLACES] = leaf(account["model"], bytes(32), "00" * 64)
    found[3 * PLACES + 1] = leaf(transcript["digest"], bytes(32), "00" * 64)
    return found


def leaf(value: str, motion: bytes, signature: str) -> bytes:
    """Return a leaf's hash; of nothing but zeros it is zero."""
    words = motion + bytes.fromhex(value) + bytes.fromhex(signature)
    return bytes(keccak(words)) if any(words) else bytes(32)


def vote_value(vote: dict[str, Any]) -> str:
    """Return what a leaf says of a vote: by majority both scores, of candidates a hash of losses and contributions."""
    if "word" not in vote:
        old, new = vote["scores"]
        return f"{old << 32 | new:064x}"
    shares = b"".join(share.to_bytes(2, "big", signed=True) for share in vote["contributions"])
    return bytes(keccak(int(vote["word"], 16).to_bytes(32, "big") + shares)).hex()


def root_of(level: dict[int, bytes]) -> bytes:
    """Return the root over leaves; a place with nothing in it is zero."""
    empty = bytes(32)
    for _ in range(DEPTH):
        pairs = {place >> 1 for place in level}
        level = {pair: bytes(keccak(level.get(2 * pair, empty) + level.get(2 * pair + 1, empty))) for pair in pairs}
        empty = bytes(keccak(empty + empty))
    return level[0]


def sha256(path: Path) -> str:
    """Return a file's sha256, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def need(holds: bool, otherwise: str) -> None:
    """Raise `AssertionError` with these words where something does not hold."""
    if not holds:
        raise AssertionError(otherwise)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
