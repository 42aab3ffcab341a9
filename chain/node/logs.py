"""eth_getLogs and polled filters."""

from bisect import bisect_left, bisect_right
from typing import Any

from fl_alliance.chain.node import encode
from fl_alliance.chain.node.block import Block
from fl_alliance.chain.node.engine import Log
from fl_alliance.chain.node.faults import INVALID_PARAMS, RpcFault
from fl_alliance.chain.node.node import Node
from fl_alliance.chain.node.params import address, hash32, items, members, quantity

_TAGS = {"latest", "pending", "safe", "finalized"}
_MOST_FILTERS = 1_024


class LogIndex:
    """Finds logs by address, then by topics. The index follows the chain lazily, also backwards."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._seen: list[bytes] = []
        self._by_address: dict[bytes, list[int]] = {}
        self._filters: dict[int, tuple[Any, int]] = {}
        self._next_filter = 1

    def select(self, given: Any) -> list[dict[str, Any]]:
        """Return the logs of an eth_getLogs query, oldest first."""
        query = members(given, "a log query")
        first, last = self._range(query)
        return self._between(query, first, last)

    def _range(self, query: dict[str, Any]) -> tuple[int, int]:
        if "blockHash" in query:
            block = self._node.find(hash32(query["blockHash"]))
            if block is None:
                raise RpcFault(INVALID_PARAMS, f"eth_getLogs: unknown block {query['blockHash']}")
            return block.number, block.number
        return self._number(query.get("fromBlock")), self._number(query.get("toBlock"))

    def _number(self, given: Any) -> int:
        if given is None or (isinstance(given, str) and given in _TAGS):
            return self._node.head.number
        return 0 if given == "earliest" else quantity(given)

    def _between(self, query: dict[str, Any], first: int, last: int) -> list[dict[str, Any]]:
        self._follow()
        addresses, topics = _addresses(query.get("address")), _topics(query.get("topics"))
        names = addresses if addresses is not None else set(self._by_address)
        numbers: set[int] = set()
        for name in names:
            known = self._by_address.get(name, [])
            numbers.update(known[bisect_left(known, first) : bisect_right(known, last)])
        return [
            encode.log(entry, index, block)
            for block in (self._node.blocks[number] for number in sorted(numbers))
            for index, entry in enumerate(_logs(block))
            if (addresses is None or entry.address in addresses) and _matches(entry, topics)
        ]

    def _follow(self) -> None:
        blocks, seen = self._node.blocks, self._seen
        while seen and (len(seen) > len(blocks) or seen[-1] != blocks[len(seen) - 1].hash):
            seen.pop()
            for numbers in self._by_address.values():
                if numbers and numbers[-1] >= len(seen):
                    numbers.pop()
        for block in blocks[len(seen) :]:
            seen.append(block.hash)
            for name in {entry.address for entry in _logs(block)}:
                self._by_address.setdefault(name, []).append(block.number)

    # filters

    def new_filter(self, query: dict[str, Any] | None) -> str:
        """Remember a log query, or None for new block hashes; returns the filter's id.

        Of too many filters the oldest is forgotten: who leaves without a word leaves its filter behind.
        """
        name = self._next_filter
        self._next_filter += 1
        if len(self._filters) >= _MOST_FILTERS:
            del self._filters[min(self._filters)]
        self._filters[name] = (query, self._node.head.number + 1)
        return hex(name)

    def _filter(self, given: Any) -> tuple[int, Any, int]:
        name = quantity(given)
        if name not in self._filters:
            raise RpcFault(INVALID_PARAMS, f"filter not found: {given}")
        return name, *self._filters[name]

    def changes(self, given: Any) -> list[Any]:
        """Return what is new since the last time this was asked."""
        name, query, since = self._filter(given)
        head = self._node.head.number
        self._filters[name] = (query, head + 1)
        since = min(since, head + 1)
        if query is None:
            return [encode.bytes_(block.hash) for block in self._node.blocks[since:]]
        first = max(since, self._number(query["fromBlock"])) if query.get("fromBlock") not in (None, *_TAGS) else since
        return self._between(query, first, min(head, self._range(query)[1]))

    def all_of(self, given: Any) -> list[Any]:
        _, query, _ = self._filter(given)
        return [] if query is None else self.select(query)

    def drop(self, given: Any) -> bool:
        return self._filters.pop(quantity(given), None) is not None


def _logs(block: Block) -> tuple[Log, ...]:
    return block.receipt.logs if block.receipt is not None else ()


def _addresses(given: Any) -> set[bytes] | None:
    if given is None:
        return None
    return {address(item) for item in given} if isinstance(given, list | tuple) else {address(given)}


def _topics(given: Any) -> list[set[bytes] | None]:
    """Return per position the accepted topics; None accepts any."""
    positions: list[set[bytes] | None] = []
    for item in items(given, "topics", 4):
        if item is None:
            positions.append(None)
        else:
            positions.append({hash32(one) for one in item} if isinstance(item, list | tuple) else {hash32(item)})
    return positions


def _matches(entry: Log, positions: list[set[bytes] | None]) -> bool:
    if len(entry.topics) < len(positions):
        return False
    return all(accepted is None or topic in accepted for topic, accepted in zip(entry.topics, positions, strict=False))
