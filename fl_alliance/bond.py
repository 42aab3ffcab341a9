"""The coordinator's bond behind a run: put up before the first round, a root posted for every transcript, then closed.

What is due is read from the chain, so that a run that was killed and goes on does nothing twice.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from flwr.serverapp import Grid

from fl_alliance.acknowledging import AcknowledgingGrid
from fl_alliance.chain.deploy import EVIDENCE
from fl_alliance.chain.evidence import MAX_BATCH, EvidenceBond, Status
from fl_alliance.chain.evidence_refusals import WrongStatus
from fl_alliance.chain.types import Phase
from fl_alliance.config import JobConfig
from fl_alliance.contracts import bond_wei
from fl_alliance.federation import Federation
from fl_alliance.records import FolderError
from fl_alliance.strategies.events import Listener, Stage
from fl_alliance.transcript.account import Account
from fl_alliance.transcript.content import TranscriptDamaged
from fl_alliance.transcript.shelf import Shelf


class RunBond:
    """What a run's coordinator says on chain of its rounds; does nothing where the configuration asks for no bond.

    Parameters
    ----------
    federation : Federation
        The task, with the relayer's account, whose bond it is.
    config : JobConfig
        Says how much, and for how long.
    listener : Listener
        Told when the bond was lost.
    """

    def __init__(self, federation: Federation, config: JobConfig, listener: Listener) -> None:
        self._ledger, self._task, self._listener = federation.ledger, federation.task, listener
        self._wei, self._window_s = bond_wei(config), config.alliance.challenge_s
        deployed = federation.deployment
        self._bond = EvidenceBond(self._ledger.sender, deployed.address(EVIDENCE)) if self._wei else None
        self._posted = 0
        self._grid: AcknowledgingGrid | None = None

    def open(self) -> None:
        """Put the bond up, where that was not done before."""
        if self._bond is None:
            return
        found = self._bond.bond(self._task)
        if found.status is Status.NONE:
            self._bond.open(self._task, self._wei, self._window_s)
        self._posted = found.posted
        if found.status is Status.CONVICTED:
            self._give_up()

    def over(self, grid: Grid, node_ids: Mapping[str, int]) -> Grid:
        """Return a grid whose messages carry receipts; without a bond nobody is given any.

        Parameters
        ----------
        node_ids : mapping of str to int
            Nodes by their members' accounts.
        """
        if self._bond is None:
            return grid
        members = self._ledger.model(self._task).roster.nodes
        nodes = {node_ids[node.address]: member for member, node in enumerate(members) if node.address in node_ids}
        key, domain = self._ledger.sender.key, self._bond.domain
        self._grid = AcknowledgingGrid(grid, nodes, lambda receipt: receipt.sign(key, domain))
        return self._grid

    def acknowledge(self, account: Account) -> None:
        """Give receipts for what a round's transcript has of members' messages."""
        if self._grid is not None:
            self._grid.acknowledge(account)

    def post(self, shelf: Shelf) -> None:
        """Post the roots of all transcripts that have none on chain, in the order of their rounds.

        Raises
        ------
        FolderError
            A transcript is not what its name says.
        """
        files = shelf.numbers() if self._bond else {}
        while self._bond is not None and (roots := self._due(shelf, files)):
            try:
                self._bond.post(self._task, self._posted + 1, roots)
            except WrongStatus:
                self._give_up()
            self._posted += len(roots)

    def close(self) -> None:
        """Name the final model, once the task has finished."""
        model = self._ledger.model(self._task)
        if self._bond is None or model.stored_phase is not Phase.FINISHED:
            return
        try:
            if self._bond.bond(self._task).status is Status.OPEN:
                self._bond.close(self._task, model.model)
        except WrongStatus:
            self._give_up()

    def _due(self, shelf: Shelf, files: Mapping[int, Sequence[Path]]) -> list[bytes]:
        """Return the roots of the next rounds, as many as go in one batch."""
        roots: list[bytes] = []
        while len(roots) < MAX_BATCH and (paths := files.get(self._posted + len(roots) + 1)):
            try:
                roots.append(shelf.read(paths[0]).tree().root)
            except TranscriptDamaged as damage:
                raise FolderError(f"{paths[0]}: {damage}; needed the transcript of that name") from damage
        return roots

    def _give_up(self) -> None:
        """Say that a lie was proven; the run goes on, so that members are paid."""
        self._bond = None
        self._listener(Stage("the coordinator's bond is lost: a lie was proven; no more transcripts are posted"))
