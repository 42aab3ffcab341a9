"""A consortium's contract by its rules: who its members are, and which bundles they had approved when a task began.

Events drive it, for a member may be a contract, whose calldata is on no chain. Where an account called, its calldata
must say what the events say, and the signature that it carries must be the actor's.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fl_alliance.audit.events import Event, Transfer
from fl_alliance.audit.facts import Approval
from fl_alliance.audit.finding import DoesNotHold, Where
from fl_alliance.audit.reading import UNREADABLE, Events
from fl_alliance.chain.codec import constructor_args, interface
from fl_alliance.chain.deploy import SITES
from fl_alliance.chain.messages import Signed, checksum
from fl_alliance.chain.node.block import Block
from fl_alliance.chain.rules.sites import SitesModel
from fl_alliance.chain.rules.words import ZERO_ADDRESS, address_bytes
from fl_alliance.chain.vouchers import AnchorLog, Bind, Change, JudgeBundle, JudgeChange, Revoke, sites_domain

_EVENTS = {
    "bind": "KeyBound",
    "revoke": "KeyRevoked",
    "judgeBundle": "BundleJudged",
    "judgeChange": "ChangeJudged",
    "anchor": "LogAnchored",
}


class ConsortiumBook:
    """One consortium's contract, from its creation on.

    Parameters
    ----------
    chain_id : int
    address : str
        Where the contract is.
    args : bytes
        What it was constructed with.
    """

    def __init__(self, chain_id: int, address: str, args: bytes) -> None:
        members, threshold, points = constructor_args(SITES, args)
        self.address, self._domain = address, sites_domain(chain_id, address)
        self.model = SitesModel.of([checksum(one) for one in members], threshold, checksum(points) != ZERO_ADDRESS)
        self.anchors: dict[str, tuple[bytes, int]] = {}
        self._nonces: dict[str, int] = {}

    def take(self, block: Block, sender: str, data: bytes, where: Where) -> tuple[Transfer, ...]:
        """Take an account's call that the chain took; return the transfers of points that it must have made.

        Raises
        ------
        DoesNotHold
            The rules refuse it, the signature in it is another's, or it left other events.
        """
        function = interface(SITES).by_selector.get(data[:4])
        if function is None or function.is_view:
            return ()
        here = where.at_step(function.name)
        try:
            voucher, *args = function.decode(data)
            actor = checksum(voucher[0])
            if actor != sender:
                self._require_signed(actor, function.name, voucher, args, block.timestamp)
            events, transfers = self._taken(function.name, actor, args)
        except UNREADABLE as refusal:
            raise DoesNotHold(here, f"the chain took this call, the rules refuse it: {refusal}") from refusal
        found = Events(block, SITES, address_bytes(self.address))
        found.need(events, here)
        found.need_no_more(here)
        return transfers

    def follow(self, block: Block, where: Where) -> None:
        """Take what contracts did here in a transaction to another; events tell it, and execution has shown them."""
        try:
            calls = list(self._calls(block))
            events = [event for name, actor, args in calls for event in self._taken(name, actor, args)[0]]
        except UNREADABLE as refusal:
            found = f"the chain took this step of a consortium, the rules refuse it: {refusal}"
            raise DoesNotHold(where, found) from refusal
        told = Events(block, SITES, address_bytes(self.address))
        told.need(events, where)
        told.need_no_more(where)

    def approval(self, code: bytes, config: bytes) -> Approval:
        """Return how many members approve a bundle now, and how many must."""
        return Approval(self.model.approvals(code, config), self.model.threshold, len(self.model.slots))

    def _taken(self, name: str, actor: str, args: Sequence[Any]) -> tuple[list[Event], tuple[Transfer, ...]]:
        """Apply a call; return the events and transfers that it makes."""
        model = self.model
        if name != "anchor":
            self._nonces[actor] = self._nonces.get(actor, 0) + 1
        match name:
            case "bind":
                key, proof, previous = args
                model.bind(actor, key, proof, previous)
                told = {"key": key, "previous": previous, "proof": proof, "revision": model.revisions[actor]}
                return [("KeyBound", {"site": actor, **told})], ()
            case "revoke":
                model.revoke(actor, args[0])
                return [_revoked(actor, args[0], False, False)], ()
            case "judgeBundle":
                code, config, says = args
                model.judge_bundle(actor, code, config, says)
                told = {"codeDigest": code, "configDigest": config, "member": actor, "approves": says}
                return [("BundleJudged", {**told, "approvals": model.approvals(code, config)})], ()
            case "judgeChange":
                return self._change(actor, Change(args[0]), checksum(args[1]), args[2], args[3])
            case "anchor":
                model.anchor(actor, *args)
                self.anchors[actor] = (args[0], args[1])
                return [("LogAnchored", {"site": actor, "head": args[0], "length": args[1]})], ()
        raise ValueError(f"{name} is no call of a consortium's contract")

    def _change(
        self, actor: str, change: Change, account: str, value: int, says: bool
    ) -> tuple[list[Event], tuple[Transfer, ...]]:
        model = self.model
        support, needed = model.support(change, account, value) + (1 if says else -1), model.threshold
        model.judge_change(actor, change, account, value, says)
        about = {"change": int(change), "account": account, "value": value}
        events: list[Event] = [("ChangeJudged", {**about, "member": actor, "inFavour": says, "support": support})]
        if not says or support < needed:
            return events, ()
        if change in (Change.REVOKE, Change.RELEASE):
            events.append(_revoked(account, value.to_bytes(32, "big"), True, change is Change.RELEASE))
        events.append(("ChangeMade", {**about, "members": len(model.slots), "threshold": model.threshold}))
        return events, ((ZERO_ADDRESS, account, value),) if change is Change.MINT else ()

    def _calls(self, block: Block) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
        """Yield what events say was called: name, actor and arguments."""
        known, mine = interface(SITES).events, address_bytes(self.address)
        for log in block.receipt.logs if block.receipt else ():
            if log.address != mine:
                continue
            event = known[log.topics[0]]
            told = event.values(log.topics, log.data)
            if event.name == "ChangeMade" or told.get("byConsortium"):
                continue  # follows from what was judged
            name = next(name for name, made in _EVENTS.items() if made == event.name)
            actor = checksum(told["site"] if "site" in told else told["member"])
            yield name, actor, tuple(told[field] for field in _FIELDS[name])

    def _require_signed(self, actor: str, name: str, voucher: Sequence[Any], args: Sequence[Any], now: int) -> None:
        _, deadline, r, vs = voucher
        if now > deadline:
            raise ValueError(f"the signature of {actor} counted until {deadline}, the block is of {now}")
        nonce = self._nonces.get(actor, 0)
        message = _message(name, args, self.model.epoch, nonce, deadline)
        if message.recover(self._domain, r + vs) != actor:
            raise ValueError(f"the signature is not that of {actor}")


_FIELDS: Mapping[str, tuple[str, ...]] = {
    "bind": ("key", "proof", "previous"),
    "revoke": ("key",),
    "judgeBundle": ("codeDigest", "configDigest", "approves"),
    "judgeChange": ("change", "account", "value", "inFavour"),
    "anchor": ("head", "length"),
}
"""Arguments of each call behind its voucher, as events name them."""


def _message(name: str, args: Sequence[Any], epoch: int, nonce: int, deadline: int) -> Signed:
    if name == "judgeChange":
        change, account, value, says = args
        return JudgeChange(Change(change), checksum(account), value, says, epoch, nonce, deadline)
    if name == "anchor":
        head, length = args
        return AnchorLog(head, length, deadline)
    if name == "bind":
        key, proof, previous = args
        return Bind(key, proof, previous, nonce, deadline)
    if name == "revoke":
        return Revoke(args[0], nonce, deadline)
    code, config, says = args
    return JudgeBundle(code, config, says, nonce, deadline)


def _revoked(site: str, key: bytes, by_consortium: bool, is_free: bool) -> Event:
    return "KeyRevoked", {"site": site, "key": key, "byConsortium": by_consortium, "isFree": is_free}
