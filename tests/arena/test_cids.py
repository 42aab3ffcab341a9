"""Content names are those that the reference tool gives.

Where the expected names come from: "hello world" is the vector of Kubo's own tests (`test/cli/add_test.go`,
`shortStringCidV1`), the empty file's is the published sha256 of nothing as a raw CID. The others were computed with
`ipfs-unixfs-importer` 16.1.5, the IPFS project's JavaScript importer (raw leaves, 256 KiB, balanced, 174 links), and
with the Rust crate behind `aleph-cid` 0.1.0, made to match Kubo; the two agreed on each. `spelled_out` below is one
more computation, written from the specifications for two leaves only.
"""

import base64
import hashlib

import pytest

from fl_alliance.arena.cids import LEAF_BYTES, LINKS_A_NODE, content_cid, parts_cid

KIB256 = 262_144


def pattern(size: int) -> bytes:
    """Bytes that differ from leaf to leaf, as they were given to the reference tools."""
    return bytes((i * 31 + (i >> 8) * 7 + (i >> 16) * 3) & 255 for i in range(size))


@pytest.mark.parametrize(
    ("content", "cid"),
    [
        (b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
        (b"hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
        (pattern(1), "bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu"),
        (pattern(11), "bafkreiatkxzfxtv7mlyc5xb26oqu37fxpzaj5yj2g6ixzr2epg3dvnjh3m"),
        (pattern(KIB256 - 1), "bafkreice54sj64ncyqdczvwmn6n6rtygkzqouuptpnasbsug4vxpapha7a"),
        (pattern(KIB256), "bafkreiei3u5emxxfsnbg4wbc5xm5vmvd26fzorlau3fbvemrwgcq5qma54"),
        (pattern(KIB256 + 1), "bafybeiflkqg24n3r2c2kjvaux3it54rao6muf3orehoc7itvy4sivlua3e"),
        (pattern(3 * KIB256), "bafybeifwyibomsqqgijb3v5tlgxt6spztkvwyorwkzgasss6t4nfj7nhyy"),
        (pattern(5_000_000), "bafybeigtedv5ptjpvivyktt2kgdtoucxhxpcwr2ldardjp6qv5yfj2luxu"),
        # 174 leaves are the most that one node links; one byte more needs a second layer.
        (bytes(174 * KIB256), "bafybeibxsa3ioclowpaq7b6gxl65gzqneopfr3fnhedak6sqr4bjz5lnyq"),
        (bytes(174 * KIB256 + 1), "bafybeihqwzd3o6q6v3pmwhzjy22vokhr767burokmqemg63hptx2nqd7ym"),
        (bytes(400 * KIB256 + 5), "bafybeifvvwprgczvnv2zddujlzmi6w2l2vxhrpvoeneldkq2i6yo5doafy"),
    ],
    ids=lambda value: f"{len(value)}-bytes" if isinstance(value, bytes) else "",
)
def test_a_name_is_the_one_that_the_reference_tool_gives(content: bytes, cid: str) -> None:
    assert content_cid(content) == cid


def spelled_out(first: bytes, second: bytes) -> str:
    """The CID of a file of two leaves, byte by byte from the dag-pb and UnixFS specifications."""

    def varint(value: int) -> bytes:
        high, low = divmod(value, 128)
        return bytes([low | 128]) + varint(high) if high else bytes([low])

    def link(leaf: bytes) -> bytes:
        cid = b"\x01\x55\x12\x20" + hashlib.sha256(leaf).digest()
        body = b"\x0a\x24" + cid + b"\x12\x00" + b"\x18" + varint(len(leaf))
        return b"\x12" + varint(len(body)) + body

    data = b"\x08\x02\x18" + varint(len(first + second)) + b"\x20" + varint(len(first)) + b"\x20" + varint(len(second))
    node = link(first) + link(second) + b"\x0a" + varint(len(data)) + data
    return "b" + base64.b32encode(b"\x01\x70\x12\x20" + hashlib.sha256(node).digest()).decode().lower().rstrip("=")


@pytest.mark.parametrize("size", [KIB256 + 1, KIB256 + 127, KIB256 + 128, 2 * KIB256])
def test_a_name_is_the_one_that_the_specifications_spell_out(size: int) -> None:
    content = pattern(size)
    assert content_cid(content) == spelled_out(content[:KIB256], content[KIB256:])


def test_leaves_given_one_by_one_name_the_same_file() -> None:
    content = pattern(2 * KIB256 + 3)
    assert parts_cid(content[at : at + LEAF_BYTES] for at in range(0, len(content), LEAF_BYTES)) == content_cid(content)
    assert (LEAF_BYTES, LINKS_A_NODE) == (KIB256, 174)
