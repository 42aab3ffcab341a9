"""Getting a leader's proof on chain, which draws a committee: of the first in line, or the next where it is silent."""

from fl_alliance.chain.alliance_refusals import VrfProofRejected
from fl_alliance.chain.errors import VrfInvalid
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.replay import TaskModel
from fl_alliance.chain.steps import DrawVoters, OpenRound, SkipRound, Step
from fl_alliance.chain.vrf import Proof, Tag
from fl_alliance.strategies.exchange import Exchange
from fl_alliance.strategies.windows import Windows
from fl_alliance.strategies.wire import Place


class Leaders:
    """The leader lines of a task's draws."""

    def __init__(self, ledger: Alliance, task: int, windows: Windows) -> None:
        self._ledger, self._task, self._windows = ledger, task, windows

    def lead(self, nodes: Exchange, tag: Tag) -> bool:
        """Send the proof of the first leader in line who answers; skip the round, and say so, where none does.

        A leader has `leader_s` seconds before the next one in line may take its place.
        """
        silent: set[int | None] = set()
        model = self._ledger.model(self._task)
        while (now := self._ledger.now()) < model.skip_at():
            rank = model.rank(now)
            member = model.leader(tag, rank)
            proof = None if member is None or member in silent else self._proof(model, nodes, member, tag)
            if proof is not None:
                if self._led(tag, proof, rank):
                    return True
                continue
            silent.add(member)
            turn_end = model.phase_at + (rank + 1) * model.params.leader_s
            self._windows.wait_until(turn_end, f"leader {member}, or the next in line")
        self._ledger.send(SkipRound(self._task))
        return False

    def opening(self, nodes: Exchange, after: TaskModel) -> tuple[Step, ...]:
        """Return the opening of a round by its first leader, if it answers; `after` is the task as it will stand."""
        member = after.leader(Tag.PROPOSERS, 0)
        proof = self._proof(after, nodes, member, Tag.PROPOSERS) if member is not None else None
        return (OpenRound(self._task, proof),) if proof else ()

    def _led(self, tag: Tag, proof: Proof, rank: int) -> bool:
        """Send a leader's proof; return whether it came in the leader's turn, which may have ended on the way."""
        step = OpenRound if tag is Tag.PROPOSERS else DrawVoters
        try:
            self._ledger.send(step(self._task, proof))
        except VrfProofRejected:
            if self._ledger.model(self._task).rank(self._ledger.now()) == rank:
                raise
            return False
        return True

    def _proof(self, model: TaskModel, nodes: Exchange, member: int, tag: Tag) -> Proof | None:
        """Return the member's proof in the form that goes on chain, or None where it has sent none."""
        place = Place(self._ledger.domain, self._task, model.round)
        encoded = nodes.prove(member, place, tag, model.seed, self._windows.turn)
        if encoded is None:
            return None
        try:
            return Proof.decode(model.roster.nodes[member].vrf_x, model.alpha(tag, member), encoded)
        except VrfInvalid:
            return None
