"""What a run did on its chain, by which one that was stopped is compared with one that was not."""

from pathlib import Path

from fl_alliance.chain.codec import interface
from fl_alliance.chain.node.chainfile import ChainFile


def steps(folder: Path) -> list[tuple[int, bytes, bytes]]:
    """Second, contract and calldata of every transaction; of a transcript's root, that there is one.

    What only the coordinator was sent is not in the transcript of a round in whose settlement it was stopped.
    """
    root = interface("Evidence").functions["post"].selector
    with ChainFile(folder / "chain.db") as chain:
        sent = [(block.timestamp, block.transaction) for block in chain.blocks() if block.transaction is not None]
    return [(at, one.to or b"", root if one.data[:4] == root else one.data) for at, one in sent]
