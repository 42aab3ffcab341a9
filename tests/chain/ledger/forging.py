"""Chain files that their author wrote anew, with hashes that fit."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from fl_alliance.chain.node.block import Block, root_of_one, state_digest
from fl_alliance.chain.node.chainfile import ChainFile
from fl_alliance.chain.rules.words import keccak

Change = Callable[[Block], Block]


def rewrite(path: Path, number: int, change: Change) -> None:
    """Change one block and make every hash after it fit again, as a lying node could."""
    with ChainFile(path) as file:
        blocks = list(file.blocks())
    blocks[number] = change(blocks[number])
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        parent: Block | None = None
        for block in blocks:
            parent = resealed(block, parent)
            raw = parent.transaction.raw if parent.transaction else b""
            row = (parent.encoded, parent.hash, raw, parent.receipt_bytes, parent.writes, parent.number)
            db.execute("UPDATE block SET header=?, hash=?, tx=?, receipt=?, writes=? WHERE number=?", row)
        assert parent is not None
        db.execute("UPDATE meta SET value=? WHERE name='head'", (parent.number.to_bytes(8, "big") + parent.hash,))


def resealed(block: Block, parent: Block | None) -> Block:
    receipt, transaction = block.receipt, block.transaction
    header = replace(
        block.header,
        parent_hash=parent.hash if parent else bytes(32),
        state_digest=state_digest(parent.header.state_digest if parent else bytes(32), block.writes),
    )
    if receipt is not None and transaction is not None:
        header = replace(
            header,
            transactions_root=root_of_one(transaction.raw),
            receipts_root=root_of_one(block.receipt_bytes),
            bloom=receipt.bloom,
            gas_used=receipt.gas_used,
        )
    encoded = header.encode()
    return replace(block, header=header, encoded=encoded, hash=keccak(encoded))
