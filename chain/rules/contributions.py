"""What contributors of documents are paid, as `Documents.sol` does it; amounts are wei, times seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fl_alliance.chain.rules.revenue import credit_shares

CREDIT_S = 30 * 86_400
"""Seconds that a host has to credit documents once it was called for that."""


@dataclass(slots=True)
class Contributions:
    """The contributors' share of one model; a refused step raises `ValueError` and changes nothing.

    Attributes
    ----------
    waiting_wei : int
        Of the share: neither credited nor shared out.
    call : (int, int) or None
        What waited when the host was called, and the second from which that can be shared out.
    untaken_wei : dict
        Accepted document -> its part of what was shared out.
    contributors : dict
        Accepted document -> who contributed it.
    due_wei : dict
        Contributor -> what it can take.
    burned_wei : int
    """

    waiting_wei: int = 0
    call: tuple[int, int] | None = None
    untaken_wei: dict[int, int] = field(default_factory=dict)
    contributors: dict[int, str] = field(default_factory=dict)
    due_wei: dict[str, int] = field(default_factory=dict)
    burned_wei: int = 0

    def accept(self, document: int, contributor: str) -> None:
        """Answer with a document from now on: nothing that was shared out before is its."""
        self.contributors[document], self.untaken_wei[document] = contributor, 0

    def remove(self, document: int) -> None:
        """Answer with it no more; its part stays its contributor's."""
        self.take_share(document)
        del self.contributors[document], self.untaken_wei[document]

    def credit(self, uses: Mapping[int, int]) -> None:
        """Part all that waits by uses, rounded down; what is left over waits on, and a call is answered."""
        if not sum(uses.values()) or not uses.keys() <= self.contributors.keys():
            raise ValueError(f"uses {dict(uses)}, needed some, of accepted documents")
        shares = credit_shares(self.waiting_wei, list(uses.values()))
        for document, wei in zip(uses, shares, strict=True):
            self._pay(document, wei)
        self.waiting_wei -= sum(shares)
        self.call = None

    def call_for_credit(self, now: int) -> None:
        """Call for a host to credit what waits now."""
        if self.call is not None or not self.waiting_wei:
            raise ValueError(f"{self.waiting_wei} wei wait, needed some, and no call before: {self.call}")
        self.call = (self.waiting_wei, now + CREDIT_S)

    def share_out(self, now: int) -> None:
        """Give each document the same of what waited when the host was called, rounded down; burn it without any."""
        if self.call is None or now < self.call[1]:
            raise ValueError(f"at second {now}, needed a call that is due: {self.call}")
        amount_wei, self.call = self.call[0], None
        if not self.untaken_wei:
            self.waiting_wei -= amount_wei
            self.burned_wei += amount_wei
            return
        each_wei = amount_wei // len(self.untaken_wei)
        self.waiting_wei -= each_wei * len(self.untaken_wei)
        for document in self.untaken_wei:
            self.untaken_wei[document] += each_wei

    def take_share(self, document: int) -> None:
        """Make a document's part of what was shared out due to its contributor."""
        if document not in self.contributors:
            raise ValueError(f"document {document}, needed an accepted one")
        self._pay(document, self.untaken_wei[document])
        self.untaken_wei[document] = 0

    def _pay(self, document: int, wei: int) -> None:
        contributor = self.contributors[document]
        self.due_wei[contributor] = self.due_wei.get(contributor, 0) + wei
