"""Papers that pass between sites, and transcripts of rounds: what malformed ones are given to, and what must come."""

import hashlib
import json
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import fuzz_mutation as mutation
from cryptography.hazmat.primitives.asymmetric import ec
from fuzz_targets import HERE, KEY, REFUSED, TAKEN, Defect, Target, expect, run_folder, said

from fl_alliance.chain.auth_keys import AuthKey
from fl_alliance.chain.receipts import SpentBudget
from fl_alliance.chain.vouchers import Voucher
from fl_alliance.deployment.approval import Approvals
from fl_alliance.deployment.draws import FILE as DRAW
from fl_alliance.deployment.draws import require_draw
from fl_alliance.deployment.identity import IdentityRefused, SignedBinding
from fl_alliance.deployment.statements import Signed, Statement
from fl_alliance.deployment.terms import NotAgreed
from fl_alliance.dp.entries import Limit, Scored
from fl_alliance.dp.errors import LedgerDamaged, ReceiptInvalid
from fl_alliance.dp.ledger import Ledger
from fl_alliance.dp.receipt import Receipt
from fl_alliance.dp.units import Unit
from fl_alliance.folders import FolderError
from fl_alliance.strategies.masking import transcript as masks
from fl_alliance.strategies.masking.records import Advert, Reveal
from fl_alliance.transcript.content import Transcript, TranscriptDamaged
from fl_alliance.transcript.shelf import Shelf

AUDITED = 0.1
"""Share of the transcripts that can be read which a whole audit looks at."""


@contextmanager
def papers(root: Path) -> Iterator[Target]:
    """Bindings, signed statements, approvals, receipts, draws, privacy ledgers."""
    path, ledger = root / "paper.json", Ledger(root / "ab.jsonl")
    auth = AuthKey(ec.generate_private_key(ec.SECP256R1()))
    binding = SignedBinding(auth.public.hex(), auth.sign(HERE.domain, KEY.address).hex(), "00" * 32, 9, "ab" * 64)
    Signed(
        Statement("judge_bundle", (bytes(32), bytes(32), True)), Voucher(KEY.address, 9, bytes(64)), KEY.address
    ).save(path)
    statement = path.read_text()
    Approvals(frozenset({(bytes(32), b"\x01" * 32)})).save(path)
    receipt = Receipt(SpentBudget(1, 1, bytes(32), bytes(32), "record", 1, 2, 3), bytes(64)).to_json()
    draw = json.dumps({"round": 1, "seed": "ab" * 32, "proposers": {"0": KEY.address, "1": KEY.address}})
    _fill(ledger)
    book, whole = ledger.read(), ledger.path.read_text()

    def of_file(read: Callable[[Path], object], error: type[Exception]) -> Callable[[bytes], str]:
        def tried(made: bytes) -> str:
            path.write_bytes(made)
            return expect(error)(lambda: read(path))

        return tried

    def drawn(made: bytes) -> str:
        (root / DRAW).write_bytes(made)
        proposers = {0: KEY.address, 1: KEY.address}
        return expect(NotAgreed)(lambda: require_draw(root, 1, b"\xab" * 32, proposers, wait_s=0))

    def entered(made: bytes) -> str:
        ledger.path.write_bytes(made)

        def read() -> None:
            found = ledger.read().entries
            if found != book.entries[: len(found)]:
                raise Defect("a privacy ledger that was changed is believed")

        outcome = expect(LedgerDamaged)(read)
        if ledger.path.read_bytes() != made[: made.rfind(b"\n") + 1]:
            raise Defect("reading changed a privacy ledger")
        return outcome

    kinds: list[tuple[str, Callable[[bytes], str]]] = [
        (binding.encode().decode(), lambda made: expect(IdentityRefused)(lambda: SignedBinding.decode(made))),
        (statement, of_file(Signed.load, FolderError)),
        (path.read_text(), of_file(Approvals.load, FolderError)),
        (receipt, lambda made: expect(ReceiptInvalid)(lambda: Receipt.read(made.decode("utf-8", "replace")))),
        (draw, drawn),
        (whole, entered),
    ]

    def mutant(chance: random.Random) -> tuple[int, bytes]:
        which = chance.randrange(len(kinds))
        good = kinds[which][0]
        return which, mutation.data(chance, good.encode()) if good == whole else mutation.json_text(chance, good)

    yield Target(mutant, lambda made: kinds[made[0]][1](made[1]))


def _fill(ledger: Ledger) -> None:
    ledger.create("ab", Unit.RECORD)
    with ledger.held() as writer:
        writer.append(Limit(3.0, 1e-5, "hospital"))
        for number in (1, 2):
            writer.append(Scored("1:0xa:1", number, "cd" * 32, 0.5))


@contextmanager
def transcripts(root: Path) -> Iterator[Target]:
    """Transcripts of rounds, each under the digest that its content has, and of masks."""
    good, copy = run_folder(root), root / "copy"
    files = sorted((good / "transcripts").glob("*.json"))
    advert, reveal = Advert(bytes(33), bytes(32), bytes(64)), Reveal({1: 5}, {2: bytes(32)}, bytes(64))
    masked = masks.to_json(masks.Transcript({0: advert}, {0: {1: bytes(48)}}, {0: bytes(64)}, {0: reveal}))

    def mutant(chance: random.Random) -> tuple[Path | None, bytes, bool]:
        if chance.random() < 0.25:
            return None, mutation.json_text(chance, masked), False
        path = chance.choice(files)
        content = json.loads(path.read_bytes())
        if chance.random() < 0.3:
            return path, mutation.json_text(chance, path.read_text()), False
        part = chance.choice(("chain", "relayer"))
        content[part] = mutation.tree(chance, content[part])
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        return path, canonical, chance.random() < AUDITED

    def tried(made: tuple[Path | None, bytes, bool]) -> str:
        path, content, is_audited = made
        if path is None:
            return expect(ValueError)(lambda: masks.from_json(content.decode("utf-8", "replace")))
        name = f"{path.name.partition('-')[0]}-{hashlib.sha256(content).hexdigest()}.json"
        shelf = Shelf(root / "shelf")
        shelf.root.mkdir(exist_ok=True)
        (shelf.root / name).write_bytes(content)
        outcome = expect(TranscriptDamaged)(lambda: shelf.read(shelf.root / name))
        (shelf.root / name).unlink()
        if is_audited and outcome == TAKEN:
            return _audited(good, copy, path, name, content)
        return outcome

    yield Target(mutant, tried)


def _audited(good: Path, copy: Path, path: Path, name: str, content: bytes) -> str:
    """Audit a run that has this transcript in the place of its own."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(good, copy)
    (copy / "transcripts" / path.name).unlink()
    (copy / "transcripts" / name).write_bytes(content)
    chain = (copy / "chain.db").read_bytes()
    code, words = said(["audit", str(copy), "--no-execute"])
    if "Traceback" in words or code not in (0, 1, 2) or (code and not words.strip()):
        raise Defect(f"audit with a changed transcript: exit code {code}, says {words[-500:]}")
    if code == 0 and Transcript.decode(content).account != Transcript.decode(path.read_bytes()).account:
        raise Defect("an audit believes a transcript that tells another round than the chain")
    if (copy / "chain.db").read_bytes() != chain:
        raise Defect("an audit changed the chain")
    return REFUSED if code else TAKEN
