"""The IPFS name (CIDv1) of a file, equal to what `ipfs add --cid-version=1` prints, without an IPFS node.

The file is cut into leaves of 256 KiB, each named by its sha256 with the codec `raw`. A file of one leaf has that
leaf's name. Otherwise up to 174 leaves at a time are linked from a `dag-pb` node, and those from further nodes, until
one is left: the balanced layout. Sources: the specifications of multiformats (CID, multihash, base32), IPLD dag-pb and
UnixFS 1; chunk size and links are the defaults that the reference tool has with that flag.
"""

import hashlib
from base64 import b32encode
from collections.abc import Iterable, Sequence
from typing import NamedTuple

LEAF_BYTES = 256 * 1024
LINKS_A_NODE = 174

_RAW, _DAG_PB = 0x55, 0x70
_SHA2_256 = b"\x12\x20"  # multihash: function, length
_UNIXFS_FILE = 2


class _Block(NamedTuple):
    """A node of the tree: its binary CID, the bytes of file below it, and the bytes of all blocks from it down."""

    cid: bytes
    file_bytes: int
    total_bytes: int


def content_cid(content: bytes | bytearray | memoryview) -> str:
    """Return the CIDv1 of a file with this content, in lower-case base32 with its multibase prefix `b`."""
    view = memoryview(content)
    return parts_cid(view[at : at + LEAF_BYTES] for at in range(0, len(view), LEAF_BYTES))


def parts_cid(leaves: Iterable[bytes | memoryview]) -> str:
    """Return the CIDv1 of a file given as its leaves, of `LEAF_BYTES` each but the last; no leaf is an empty file."""
    blocks = [_Block(_cid(_RAW, leaf), len(leaf), len(leaf)) for leaf in leaves] or [_Block(_cid(_RAW, b""), 0, 0)]
    while len(blocks) > 1:
        blocks = [_node(blocks[at : at + LINKS_A_NODE]) for at in range(0, len(blocks), LINKS_A_NODE)]
    return "b" + b32encode(blocks[0].cid).decode().lower().rstrip("=")


def _node(children: Sequence[_Block]) -> _Block:
    file_bytes = sum(child.file_bytes for child in children)
    unixfs = _number(1, _UNIXFS_FILE) + _number(3, file_bytes)
    unixfs += b"".join(_number(4, child.file_bytes) for child in children)
    # dag-pb fixes this order, links before data, and an empty name in every link.
    links = (_field(1, child.cid) + _field(2, b"") + _number(3, child.total_bytes) for child in children)
    block = b"".join(_field(2, link) for link in links) + _field(1, unixfs)
    return _Block(_cid(_DAG_PB, block), file_bytes, len(block) + sum(child.total_bytes for child in children))


def _cid(codec: int, block: bytes | memoryview) -> bytes:
    return bytes([1, codec]) + _SHA2_256 + hashlib.sha256(block).digest()


def _field(number: int, data: bytes) -> bytes:
    """Return a length-delimited field of protocol buffers."""
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _number(number: int, value: int) -> bytes:
    """Return a varint field of protocol buffers."""
    return bytes([number << 3]) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
