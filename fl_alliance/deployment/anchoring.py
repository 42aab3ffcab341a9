"""The head of a site's log of decisions, brought onto the chain by `join`: at its start, after each round, at its end.

It is sent by the hospital's own account, over its own endpoint of the chain, in a thread of its own: no coordinator can
hold it back, and no round waits for it. What is anchored already the chain says, so nothing has to be remembered: after
`kill -9` the next `join` goes on from there.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType

from fl_alliance.chain.errors import ChainError, ChainUnreachable, ReceiptMissing
from fl_alliance.chain.sender import Sender
from fl_alliance.chain.site_refusals import LogNotLonger
from fl_alliance.chain.sites import ANCHOR_GAS, LATER_ANCHOR_GAS, Sites, SitesView
from fl_alliance.deployment.statements import Statement
from fl_alliance.site.anchors import difference
from fl_alliance.site.errors import LogDamaged, SiteError
from fl_alliance.site.log import DecisionLog
from fl_alliance.site.policy import Policy

FILE = "anchor.json"
"""In a hospital's home: its head, signed for whoever has gas to send, where its own account has none."""
NOWHERE = (
    "the task has no consortium's contract (Sites), so no head of the decision log is anchored, and nobody would miss "
    "lines that are cut off its end; fl-alliance policy log tells the head, to be kept elsewhere"
)
_RETRY_S, _LAST_S = 60.0, 60.0


def allowance_wei(sender: Sender, anchors: int) -> int:
    """Return what lets an account send so many anchors at today's fees, which may double."""
    return sender.most_wei(ANCHOR_GAS + anchors * LATER_ANCHOR_GAS)


def require_anchored(log: DecisionLog, view: SitesView, address: str) -> None:
    """Refuse a log that lost what is anchored of it: whoever goes on with it no longer knows what the site has said.

    Raises
    ------
    LogDamaged
        Names the first entry that was changed or cut off.
    """
    found = difference(log.read(), view.anchors(address))
    if found is not None:
        raise LogDamaged(
            f"{log.path}: {found} on {view.address} for {address}; needed the log as it was (a backup), or another "
            "account for the hospital"
        )


def anchoring(
    policy: Policy | None, home: Path, sender: Sender, consortium: SitesView | None, say: Callable[[str], None]
) -> "Anchoring | None":
    """Return what anchors the log of a policy's decisions; None without a policy, and where there is no contract.

    Raises
    ------
    LogDamaged
        The log has lost what was anchored of it.
    """
    if policy is None:
        return None
    if consortium is None:
        say(NOWHERE)
        return None
    log = DecisionLog(policy.log)
    require_anchored(log, consortium, sender.address)
    return Anchoring(sender, consortium.address, log, home, say)


class Anchoring(AbstractContextManager["Anchoring"]):
    """Anchors the head of a log whenever it is told that there may be more.

    Parameters
    ----------
    sender : Sender
        The hospital's account.
    sites : str
        Address of the consortium's contract.
    log : DecisionLog
    home : Path
        The hospital's folder.
    say : callable
        Told what cannot be anchored, once each time that it begins.
    """

    def __init__(self, sender: Sender, sites: str, log: DecisionLog, home: Path, say: Callable[[str], None]) -> None:
        self._sender, self._sites, self._log, self._home, self._say = sender, Sites(sender, sites), log, home, say
        self._due, self._is_leaving, self._trouble = threading.Event(), False, ""
        self._thread = threading.Thread(target=self._serve, name="anchoring", daemon=True)

    def __enter__(self) -> "Anchoring":
        self._due.set()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_leaving = True
        self._due.set()
        self._thread.join(_LAST_S)

    def note(self) -> None:
        """Say that the log may have grown; returns at once."""
        self._due.set()

    def _serve(self) -> None:
        while True:
            self._due.wait(_RETRY_S if self._trouble else None)
            self._due.clear()
            is_last = self._is_leaving
            self._trouble = self._told(self._tried())
            if is_last:
                return

    def _tried(self) -> str:
        """Anchor what is new; return in words what kept it from that, empty where nothing did."""
        try:
            return self.anchor()
        except (ChainUnreachable, ReceiptMissing) as error:
            return f"the chain does not answer ({error})"
        except (ChainError, SiteError, OSError) as error:
            return str(error)

    def _told(self, trouble: str) -> str:
        if trouble and trouble != self._trouble:
            self._say(f"the head of the decision log is not anchored: {trouble}")
        elif self._trouble and not trouble:
            self._say("the head of the decision log is anchored again")
        return trouble

    def anchor(self) -> str:
        """Bring the log's head onto the chain where that has an earlier one; return what is needed for it, if anything.

        Raises
        ------
        LogDamaged, OSError
            The log cannot be read.
        ChainError
            The chain does not answer, or refuses.
        """
        book, site = self._log.read(), self._sender.address
        length, head = len(book.heads), bytes.fromhex(book.head)
        if length <= self._sites.anchored(site).length:
            return ""
        needed = self._sender.most_wei(ANCHOR_GAS)
        if self._sender.rpc.number("eth_getBalance", site, "latest") < needed:
            return self._left_to_others(Statement("anchor", (head, length)), needed)
        with suppress(LogNotLonger):  # another `join` of this account, which keeps the same log, was faster
            self._sites.anchor(head, length)
        return ""

    def _left_to_others(self, statement: Statement, needed: int) -> str:
        path = self._home / FILE
        path.unlink(missing_ok=True)
        statement.sign(self._sender.key, self._sites, self._sender.rpc.second()).save(path)
        return (
            f"{self._sender.address} has no gas for it (needed {needed} wei); {path} is signed, for anybody with gas "
            "to send: fl-alliance sites relay"
        )
