"""Commands of the DAO on a chain, and time that passes on it: what its tests by commands act with."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from fl_alliance.chain.connect import advance_to, connected
from fl_alliance.chain.rpc import Rpc
from fl_alliance.cli.main import main

if TYPE_CHECKING:
    from web3 import Web3

DAY = 86_400
HOLDER, PROPOSER, RIVAL = 1, 2, 3
"""Development accounts; the first has locked half a million FML. Account 0 deployed everything."""


@dataclass
class Desk:
    """A chain, and commands on it."""

    url: str
    capsys: pytest.CaptureFixture[str]
    shared: "Web3 | None" = None

    def said(self, code: int, *words: str, by: int | None = None) -> str:
        whose = [] if by is None else [f"key.development={by}"]
        try:
            found = main([*words, f"chain.url={self.url}", *whose])
        except SystemExit as leaving:
            found = int(leaving.code or 0)
        shown = self.capsys.readouterr()
        assert found == code, shown
        assert code != 2 or shown.err.count("\n") == 1, shown.err
        return shown.out + shown.err

    def dao(self, *words: str, by: int | None = None, code: int = 0) -> str:
        signing = [] if words[0] == "status" else ["--yes"]
        return self.said(code, "dao", *words, *signing, by=by)

    def audited(self) -> str:
        """What the audit of the market says, of its file or its node."""
        node = ["--chain", self.url] if self.shared is not None else []
        assert main(["audit", "market", *node]) == 0, self.capsys.readouterr()
        return self.capsys.readouterr().out

    def wait(self, seconds: int) -> None:
        """Let time pass, and a moment more: what was sent last may be of the second before."""
        with nullcontext(self.shared) if self.shared is not None else connected(self.url) as w3:
            advance_to(w3, Rpc(w3).second() + seconds + 2)

    def pass_(self, *words: str) -> None:
        """Take a proposal, the first, through all its stages."""
        self.dao("propose", *words, by=PROPOSER)
        self.dao("attend", "1", by=HOLDER)
        self.wait(3 * DAY)
        self.dao("vote", "1", "for", by=HOLDER)
        self.wait(5 * DAY)
        self.dao("queue", "1")
        self.wait(2 * DAY)
        self.dao("execute", "1")
