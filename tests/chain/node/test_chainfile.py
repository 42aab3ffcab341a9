"""A chain file survives a killed process, names the block of any changed byte, and has one writer."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3 import Web3

from fl_alliance.chain.connect import close, connect, connected
from fl_alliance.chain.errors import ChainCorrupt, ChainFileError, ChainLocked
from fl_alliance.chain.node.chainfile import BlockLog, ChainFile
from fl_alliance.chain.node.node import Node
from fl_alliance.chain.node.settings import Settings

SenderOn = Callable[[Web3], Any]
COLUMNS = ("header", "hash", "tx", "receipt", "writes")
ROUNDS, HEAD = 3, 16  # one deployment and five blocks a round


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory, write_chain: Callable[[str, int], None]) -> Path:
    path = tmp_path_factory.mktemp("pristine") / "chain.db"
    write_chain(f"file://{path}", ROUNDS)
    return path


@pytest.fixture
def copy(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(pristine, tmp_path / "chain.db"))


# reading


def test_who_has_read_some_blocks_reads_on_from_there(copy: Path) -> None:
    with ChainFile(copy) as chain:
        whole = list(chain.blocks())
        for first in range(HEAD + 3):
            assert [block.hash for block in chain.blocks(first)] == [block.hash for block in whole[first:]]
        assert chain.head() == (HEAD, whole[-1].hash)
        assert [chain.hash_of(number) for number in (0, HEAD, HEAD + 1)] == [whole[0].hash, whole[-1].hash, None]
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE block SET writes = x'00' WHERE number = 5")
    with ChainFile(copy) as chain:
        assert [block.hash for block in chain.blocks(7)] == [block.hash for block in whole[7:]]
        for first in (0, 4, 5):
            with pytest.raises(ChainCorrupt, match="block 5"):
                list(chain.blocks(first))


def test_a_closed_chain_is_one_file(pristine: Path) -> None:
    assert [entry.name for entry in pristine.parent.iterdir()] == ["chain.db"]


def test_blocks_are_read_with_their_transactions_receipts_and_logs(pristine: Path, proposer: LocalAccount) -> None:
    with ChainFile(pristine) as chain:
        blocks = list(chain.blocks())
    assert [block.number for block in blocks] == list(range(HEAD + 1))
    assert blocks[0].transaction is None
    sent = [block.transaction for block in blocks if block.transaction is not None]
    assert {transaction.sender for transaction in sent} == {bytes.fromhex(proposer.address[2:])}
    assert [transaction.nonce for transaction in sent] == list(range(len(sent)))
    statuses = [block.receipt.status for block in blocks if block.receipt is not None]
    assert statuses.count(0) == ROUNDS
    assert sum(len(block.receipt.logs) for block in blocks if block.receipt is not None) == ROUNDS
    worked = next(block for block in blocks if block.receipt is not None and block.receipt.logs)
    assert worked.receipt is not None
    assert worked.transaction is not None
    assert worked.receipt.logs[0].topics[0] == bytes(Web3.keccak(text="Worked(address,uint256,bytes32,string)"))
    assert worked.receipt.logs[0].address == worked.transaction.to


def test_what_the_file_says_is_what_web3_said(pristine: Path) -> None:
    with connected(f"file://{pristine}") as w3, ChainFile(pristine) as chain:
        for block in chain.blocks():
            shown = w3.eth.get_block(block.number)
            assert (bytes(shown["hash"]), shown["timestamp"]) == (block.hash, block.timestamp)
            if block.transaction is not None:
                receipt = w3.eth.get_transaction_receipt(HexBytes(block.transaction.hash))
                assert (receipt["blockHash"], receipt["gasUsed"]) == (HexBytes(block.hash), block.header.gas_used)


def test_the_block_hash_is_the_hash_of_an_ethereum_header(pristine: Path) -> None:
    with ChainFile(pristine) as chain:
        for block in chain.blocks():
            assert bytes(Web3.keccak(block.encoded)) == block.hash


@pytest.mark.parametrize("reference", [False, True])
def test_executing_everything_again_gives_the_same_head(reference: bool, pristine: Path) -> None:
    with ChainFile(pristine) as chain:
        assert chain.replay(reference=reference).hash == chain.verify().hash


def test_reading_works_while_another_writes(copy: Path, sender_on: SenderOn, voter: LocalAccount) -> None:
    with connected(f"file://{copy}") as w3, ChainFile(copy) as chain:
        assert chain.verify().number == HEAD
        sender_on(w3).send(to=voter.address)
        assert chain.verify().number == HEAD + 1


def test_a_missing_file_is_no_chain(tmp_path: Path) -> None:
    with pytest.raises(ChainFileError, match="found no file"):
        ChainFile(tmp_path / "none.db")


# reopening


def test_a_reopened_chain_goes_on_where_it_stopped(copy: Path, sender_on: SenderOn, voter: LocalAccount) -> None:
    for number in (HEAD + 1, HEAD + 2):
        with connected(f"file://{copy}") as w3:
            assert sender_on(w3).send(to=voter.address)["blockNumber"] == number
    with connected("memory://") as alone, connected(f"file://{copy}") as w3:
        for block in range(1, HEAD + 3):
            for raw in raws(copy, block):
                alone.eth.send_raw_transaction(HexBytes(raw))
        who = voter.address
        assert alone.eth.get_balance(who) == w3.eth.get_balance(who)


def raws(path: Path, number: int) -> Iterator[bytes]:
    with ChainFile(path) as chain:
        for block in chain.blocks():
            if block.number == number and block.transaction is not None:
                yield block.transaction.raw


def test_reopening_a_hundred_transactions_takes_a_fraction_of_a_second(
    tmp_path: Path, write_chain: Callable[[str, int], None]
) -> None:
    url = f"file://{tmp_path}/chain.db"
    write_chain(url, 20)
    started = time.process_time()
    with connected(url) as w3:
        assert w3.eth.block_number == 101
    assert time.process_time() - started < 0.5


def test_settings_come_from_the_file_and_may_not_be_contradicted(tmp_path: Path) -> None:
    from fl_alliance.chain.errors import BadChainUrl, WrongChain

    url = f"file://{tmp_path}/chain.db"
    close(connect(f"{url}?chain_id=77&hardfork=osaka&genesis_time=1800000000"))
    with connected(url) as w3:
        assert (w3.eth.chain_id, w3.eth.get_block(0)["timestamp"]) == (77, 1_800_000_000)
    with pytest.raises(WrongChain, match="found chain id 77, needed 78"):
        connect(url, chain_id=78)
    with pytest.raises(BadChainUrl, match="hardfork=osaka, which the file was created with"):
        connect(f"{url}?hardfork=prague")
    close(connect(url, chain_id=77))


# one writer


def test_a_second_writer_is_told_who_has_the_file(copy: Path) -> None:
    first = connect(f"file://{copy}")
    with pytest.raises(ChainLocked, match="process"):
        connect(f"file://{copy}")
    script = "import sys; from fl_alliance.chain.connect import connect; connect(sys.argv[1])"
    other = subprocess.run(
        [sys.executable, "-c", script, f"file://{copy}"], capture_output=True, text=True, check=False
    )
    assert "ChainLocked" in other.stderr
    close(first)
    close(connect(f"file://{copy}"))


def test_a_failed_opening_leaves_no_lock(copy: Path) -> None:
    from fl_alliance.chain.errors import WrongChain

    with pytest.raises(WrongChain):
        connect(f"file://{copy}", chain_id=5)
    close(connect(f"file://{copy}"))


def test_a_block_that_cannot_be_stored_never_happened(copy: Path, sender_on: SenderOn, voter: LocalAccount) -> None:
    with connected(f"file://{copy}") as w3:
        sender, store = sender_on(w3), provider(w3).node._store
        store._db.execute("CREATE TEMP TRIGGER full BEFORE INSERT ON block BEGIN SELECT RAISE(FAIL, 'disk full'); END")
        before = w3.eth.get_balance(voter.address), w3.eth.get_block("latest")["hash"]
        with pytest.raises(sqlite3.DatabaseError, match="disk full"):
            sender.send(to=voter.address, value=1)
        assert (w3.eth.get_balance(voter.address), w3.eth.get_block("latest")["hash"]) == before
        store._db.execute("DROP TRIGGER full")
        assert sender.send(to=voter.address, value=1)["blockNumber"] == HEAD + 1
    with ChainFile(copy) as chain:
        assert chain.replay().number == HEAD + 1


@pytest.mark.parametrize("point", ["apply", "seal", "append", "after append"])
def test_an_interrupted_block_never_happened(
    point: str, copy: Path, sender_on: SenderOn, voter: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected(f"file://{copy}") as w3:
        sender, node = sender_on(w3), provider(w3).node
        owner, name = (node._store, "append") if "append" in point else (node.engine, point)
        real = getattr(owner, name)

        def interrupted(*arguments: Any) -> None:
            if point != "append":
                real(*arguments)
            raise KeyboardInterrupt

        before = w3.eth.get_balance(voter.address), w3.eth.get_block("latest")["hash"]
        raw = HexBytes(sender.sign(to=voter.address, value=1))
        monkeypatch.setattr(owner, name, interrupted)
        with pytest.raises(KeyboardInterrupt):
            w3.eth.send_raw_transaction(raw)
        monkeypatch.undo()
        assert (w3.eth.get_balance(voter.address), w3.eth.get_block("latest")["hash"]) == before
        assert sender.receipt(w3.eth.send_raw_transaction(raw))["blockNumber"] == HEAD + 1
    with ChainFile(copy) as chain:
        assert chain.replay().number == HEAD + 1


# a killed process

WRITER = """
import os, signal, sys
from fl_alliance.chain.node.chainfile import BlockLog
from fl_alliance.chain.node.node import Node
from fl_alliance.chain.node.settings import Settings

path, point, at = sys.argv[1], sys.argv[2], int(sys.argv[3])
log = BlockLog(path, Settings())
node = Node(log.settings, log, log.blocks)
seen = 0

def kill_at(statement):
    global seen
    if statement.startswith(point):
        seen += 1
        if seen > at:
            os.kill(os.getpid(), signal.SIGKILL)

log._db.set_trace_callback(kill_at)
for line in sys.stdin:
    node.send(bytes.fromhex(line))
    print(node.head.number, flush=True)
"""


@pytest.fixture(scope="module")
def transactions(pristine: Path) -> list[str]:
    with ChainFile(pristine) as chain:
        return [block.transaction.raw.hex() for block in chain.blocks() if block.transaction is not None]


def heads(transactions: list[str]) -> list[bytes]:
    """Return the head hash after each transaction on an undisturbed chain."""
    node = Node(Settings())
    found = [node.head.hash]
    for raw in transactions:
        node.send(bytes.fromhex(raw))
        found.append(node.head.hash)
    return found


@pytest.mark.parametrize("point", ["BEGIN", "INSERT INTO block", "INSERT OR REPLACE", "COMMIT"])
def test_a_process_killed_inside_a_block_leaves_the_block_before(
    point: str, transactions: list[str], tmp_path: Path
) -> None:
    path, at = tmp_path / "chain.db", 5
    command = [sys.executable, "-c", WRITER, str(path), point, str(at)]
    killed = subprocess.run(command, input="\n".join(transactions), capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    acknowledged = int(killed.stdout.split()[-1])
    with ChainFile(path) as chain:
        head = chain.replay()
    assert head.number == acknowledged == at
    assert head.hash == heads(transactions)[at]
    assert finish(path, transactions[at:]) == heads(transactions)[-1]


def finish(path: Path, rest: list[str]) -> bytes:
    log = BlockLog(path, Settings())
    node = Node(log.settings, log, log.blocks)
    for raw in rest:
        node.send(bytes.fromhex(raw))
    node.close()
    return node.head.hash


@pytest.mark.parametrize("seed", range(4))
def test_a_process_killed_anywhere_keeps_what_it_acknowledged(
    seed: int, transactions: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "chain.db"
    command = [sys.executable, "-c", WRITER, str(path), "never", "0"]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdin is not None
    assert writer.stdout is not None
    writer.stdin.write("\n".join(transactions) + "\n")
    writer.stdin.flush()
    acknowledged = int(writer.stdout.readline())
    time.sleep(random.Random(seed).uniform(0, 0.03))
    writer.kill()
    acknowledged = max([acknowledged, *map(int, writer.stdout.read().split())])
    writer.wait()
    with ChainFile(path) as chain:
        head = chain.replay()
    assert acknowledged <= head.number <= len(transactions)
    assert finish(path, transactions[head.number :]) == heads(transactions)[-1]


# changed bytes


def change(path: Path, statement: str, *values: Any) -> None:
    with sqlite3.connect(path) as db:
        assert db.execute(statement, values).rowcount == 1
    db.close()


@pytest.mark.parametrize("column", COLUMNS)
def test_any_changed_byte_of_a_column_names_its_block(column: str, copy: Path) -> None:
    with sqlite3.connect(copy) as db:
        stored = dict(db.execute(f"SELECT number, {column} FROM block WHERE length({column}) > 0").fetchall())  # noqa: S608
    db.close()
    chance = random.Random(column)
    tried = 0
    for number, value in stored.items():
        for at in {0, len(value) - 1, *(chance.randrange(len(value)) for _ in range(6))}:
            flipped = bytearray(value)
            flipped[at] ^= 1 << chance.randrange(8)
            change(copy, f"UPDATE block SET {column} = ? WHERE number = ?", bytes(flipped), number)  # noqa: S608
            with ChainFile(copy) as chain, pytest.raises(ChainCorrupt) as found:
                chain.verify()
            assert found.value.block == number, (column, number, at)
            assert f"block {number}" in str(found.value)
            tried += 1
        change(copy, f"UPDATE block SET {column} = ? WHERE number = ?", value, number)  # noqa: S608
    assert tried > 50
    with ChainFile(copy) as chain:
        assert chain.verify().number == HEAD


def test_a_changed_byte_keeps_the_chain_from_opening(copy: Path) -> None:
    change(copy, "UPDATE block SET writes = writes || x'00' WHERE number = 4")
    with pytest.raises(ChainCorrupt, match="block 4"):
        connect(f"file://{copy}")


def test_a_missing_block_is_named(copy: Path) -> None:
    change(copy, "DELETE FROM block WHERE number = 7")
    with ChainFile(copy) as chain, pytest.raises(ChainCorrupt) as found:
        chain.verify()
    assert found.value.block == 7


def test_a_lost_tail_is_noticed(copy: Path) -> None:
    change(copy, "DELETE FROM block WHERE number = ?", HEAD)
    with ChainFile(copy) as chain, pytest.raises(ChainCorrupt, match=f"block {HEAD - 1}.*head"):
        chain.verify()


def test_a_block_with_forged_writes_passes_no_execution(copy: Path) -> None:
    """Whoever rehashes the whole file gets past `verify`; executing again finds the first false block."""
    forge(copy, number=6)
    with ChainFile(copy) as chain:
        chain.verify()
        with pytest.raises(ChainCorrupt) as found:
            chain.replay()
    assert found.value.block == 6


def forge(path: Path, number: int) -> None:
    """Give an account a fortune in one block, and make every hash after it fit."""
    from fl_alliance.chain.node.block import seal_block
    from fl_alliance.chain.node.settings import DEV_ACCOUNTS

    with ChainFile(path) as chain:
        blocks = list(chain.blocks())
    gift = b"\x01" + DEV_ACCOUNTS[1] + (10**30).to_bytes(32)
    with sqlite3.connect(path) as db:
        for index in range(number, len(blocks)):
            block, parent = blocks[index], blocks[index - 1]
            header = block.header.__class__(
                **{
                    name: getattr(block.header, name)
                    for name in block.header.__slots__
                    if name not in ("parent_hash", "state_digest")
                },
                parent_hash=parent.hash,
                state_digest=parent.header.state_digest,
            )
            writes = gift + block.writes if index == number else block.writes
            blocks[index] = seal_block(header, writes, block.transaction, block.receipt)
            row = (blocks[index].encoded, blocks[index].hash, writes, index)
            db.execute("UPDATE block SET header = ?, hash = ?, writes = ? WHERE number = ?", row)
        head = (len(blocks) - 1).to_bytes(8) + blocks[-1].hash
        db.execute("UPDATE meta SET value = ? WHERE name = 'head'", (head,))
    db.close()


@pytest.mark.parametrize("name", ["settings", "head"])
def test_changed_settings_or_head_are_noticed(name: str, copy: Path) -> None:
    with sqlite3.connect(copy) as db:
        value = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0]
    db.close()
    for at in range(len(value)):
        flipped = value[:at] + bytes([value[at] ^ 4]) + value[at + 1 :]
        change(copy, "UPDATE meta SET value = ? WHERE name = ?", flipped, name)
        with pytest.raises(ChainCorrupt):
            verify(copy)


def provider(w3: Web3) -> Any:
    return w3.provider


def verify(path: Path) -> None:
    with ChainFile(path) as chain:
        chain.verify()


def test_bytes_changed_in_the_file_itself_never_pass_for_another_chain(copy: Path) -> None:
    """A flip may hit free space, and then nothing was lost; otherwise it is found."""
    original = copy.read_bytes()
    with ChainFile(copy) as chain:
        blocks = list(chain.blocks())
    chance, found = random.Random(5), 0
    for _ in range(200):
        at = chance.randrange(len(original))
        copy.write_bytes(original[:at] + bytes([original[at] ^ (1 << chance.randrange(8))]) + original[at + 1 :])
        try:
            with ChainFile(copy) as chain:
                assert list(chain.blocks()) == blocks
        except ChainCorrupt:
            found += 1
    assert found > 50


@pytest.mark.parametrize("content", [b"", b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 4080])
def test_a_file_of_another_kind_is_no_chain(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    path.write_bytes(content)
    with pytest.raises(ChainCorrupt):
        ChainFile(path)
    if content:
        with pytest.raises(ChainCorrupt):
            connect(f"file://{path}")
