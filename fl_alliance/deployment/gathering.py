"""Wait for hospitals to come, register each as it does, and start the task when all are there or the time is over."""

import time

from flwr.serverapp import Grid

from fl_alliance.chain.sites import Sites
from fl_alliance.chain.steps import Start
from fl_alliance.chain.types import Phase
from fl_alliance.config import JobConfig, fml_to_wei
from fl_alliance.deployment.bindings import Bindings
from fl_alliance.deployment.identity import IdentityRefused, Registrar
from fl_alliance.deployment.reconnecting import Life, Patience, Reconnecting, anybody
from fl_alliance.federation import Federation, register, write_deployment
from fl_alliance.records import RunFolder
from fl_alliance.strategies.committee_grid import CommitteeGrid
from fl_alliance.strategies.enrolment import collect_registrations
from fl_alliance.strategies.errors import RunStalled
from fl_alliance.strategies.events import Listener, Stage
from fl_alliance.strategies.wire import OWN_DATA, Place, Registration

_POLL_S = 1.0
_MORE_ANCHORS = 10
"""Heads of decision logs that a hospital may anchor beside one a round: when it joins, and whenever it stopped."""


def gather(
    federation: Federation, grid: Grid, config: JobConfig, folder: RunFolder, listener: Listener
) -> tuple[Reconnecting, dict[str, int]]:
    """Return a grid of the task's members, and each one's node id in it.

    Before the start it takes in whoever comes, until `config.nodes` have or registration is over. Of a task that was
    started already it waits `alliance.grace_s` for its members to come back; who comes later is asked later.

    Raises
    ------
    RunStalled
        Registration is over, and fewer came than one round draws.
    """
    registrar = _registrar(federation, grid, config.rounds)
    gathering = _Gathering(federation, grid, config, listener, registrar, Bindings(folder.identities))
    gathering.wait()
    ledger, task = federation.ledger, federation.task
    roster = [node.address for node in ledger.model(task).roster.nodes]
    found = {registration.address: registration for registration in gathering.registrations.values()}
    known = [found[address] for address in roster if address in found]
    if len(known) == len(roster):
        write_deployment(folder, federation.deployment, task, ledger.params(task), known)
    place = Place(ledger.domain, task, 0)
    members = Reconnecting(
        grid,
        place,
        roster,
        gathering.present,
        known=gathering.asked,
        patience=Patience(config.alliance.quorum, config.alliance.grace_s),
        listener=lambda words: listener(Stage(words)),
        is_registered=registrar.is_registered if registrar is not None else anybody,
    )
    return members, {address: index for index, address in enumerate(roster, start=1)}


def _registrar(federation: Federation, grid: Grid, rounds: int) -> Registrar | None:
    """Return who knows whose SuperNode is whose, None where there is no consortium that binds them."""
    deployment = federation.deployment
    if not deployment.has_sites:
        return None
    anchors = rounds + _MORE_ANCHORS
    return Registrar(Sites(federation.ledger.sender, deployment.sites), grid, anchors)


class _Gathering:
    """Who has come so far."""

    def __init__(
        self,
        federation: Federation,
        grid: Grid,
        config: JobConfig,
        listener: Listener,
        registrar: Registrar | None,
        bindings: Bindings,
    ) -> None:
        self._federation, self._grid, self._config, self._listener = federation, grid, config, listener
        self._registrar, self._bindings = registrar, bindings
        model = federation.ledger.model(federation.task)
        self._stake_wei = fml_to_wei(config.alliance.stake, "alliance.stake")
        self._until = model.phase_at + config.alliance.registration_s
        # Whoever comes in the last second, or after a coordinator was away for long, can still be registered.
        self._valid_before = max(self._until, federation.ledger.now()) + config.alliance.registration_s
        self.asked: set[Life] = set()
        self.registrations: dict[int, Registration] = {}

    @property
    def present(self) -> dict[str, int]:
        """Address -> Flower node id; who came twice is where it came last."""
        return {registration.address: node_id for node_id, registration in self.registrations.items()}

    def wait(self) -> None:
        """Return once the task is started and its members are there, or the time for that is over."""
        ledger, task, config = self._federation.ledger, self._federation.task, self._config
        patience = time.monotonic() + config.alliance.grace_s
        while True:
            self._ask_newcomers()
            model = ledger.model(task)
            roster = {node.address for node in model.roster.nodes}
            if model.stored_phase is not Phase.REGISTRATION:
                if roster <= self.present.keys() or time.monotonic() > patience:
                    return
            elif len(roster) >= config.nodes or self._is_over():
                self._start(len(roster))
                return
            time.sleep(_POLL_S)

    def _ask_newcomers(self) -> None:
        """Collect and register whoever is new, or was started anew without having joined."""
        ledger, task = self._federation.ledger, self._federation.task
        lives = {(node.node_id, node.last_activated_at) for node in self._grid.get_nodes()}
        new = sorted({node_id for node_id, _ in lives - self.asked} - self.registrations.keys())
        self.asked |= lives
        if not new:
            return
        place, timeout = Place(ledger.domain, task, 0), self._config.runtime.timeout_s
        newcomers = CommitteeGrid(self._grid, new)
        terms = ledger.token, self._stake_wei, self._valid_before
        found, refused = collect_registrations(newcomers, place, *terms, timeout)
        for node_id, why in refused.items():
            self._listener(Stage(f"node {node_id} does not join: {why}"))
        self.registrations |= {node_id: one for node_id, one in found.items() if self._admits(node_id, one)}
        model = ledger.model(task)
        if model.stored_phase is Phase.REGISTRATION:
            members = {node.address for node in model.roster.nodes}
            fresh = {one.address: one for one in self.registrations.values() if one.address not in members}
            register(self._federation, list(fresh.values()), self._stake_wei, self._valid_before)
        count = len(ledger.model(task).roster.nodes)
        self._listener(Stage(f"{count} of {self._config.nodes} hospitals have joined"))

    def _admits(self, node_id: int, newcomer: Registration) -> bool:
        """Return whether a newcomer's SuperNode is its own, where that is to be shown, and its site nobody else's."""
        if self._registrar is not None:
            try:
                binding = self._registrar.admit(node_id, newcomer.address, newcomer.binding)
                self._bindings.keep(newcomer.address, binding, self._registrar.view)
            except IdentityRefused as refused:
                self._listener(Stage(f"node {node_id} does not join as {newcomer.address}: {refused}"))
                return False
        return self._is_free(newcomer)

    def _is_free(self, newcomer: Registration) -> bool:
        """Return whether nobody else has this site: two with the same data would be one hospital counted twice."""
        if newcomer.partition == OWN_DATA:
            return True
        others = (one for one in self.registrations.values() if one.partition == newcomer.partition)
        taken = next((one.address for one in others if one.address != newcomer.address), None)
        if taken is not None:
            self._listener(Stage(f"{newcomer.address} does not join: site {newcomer.partition} is that of {taken}"))
        return taken is None

    def _is_over(self) -> bool:
        return self._federation.ledger.now() >= self._until

    def _start(self, count: int) -> None:
        alliance = self._config.alliance
        if count < alliance.proposers + alliance.voters:
            needed = alliance.proposers + alliance.voters
            raise RunStalled(f"registration is over: {count} hospitals joined, needed {needed} for a committee")
        self._federation.ledger.send(Start(self._federation.task))
