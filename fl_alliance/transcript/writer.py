"""Writing a round's transcript as it ends, from the chain and from what the coordinator alone was sent."""

from collections.abc import Callable
from typing import Any

from fl_alliance.chain.history import calls_on_chain
from fl_alliance.chain.ledger import Alliance
from fl_alliance.chain.mirror import AllianceModel
from fl_alliance.strategies.events import Event, Listener, MessagesTaken, RoundSettled
from fl_alliance.transcript.account import Account, Scribe
from fl_alliance.transcript.content import Transcript
from fl_alliance.transcript.shelf import Shelf


class Transcriber:
    """A listener that writes a transcript of every round that the chain has ended, and passes every event on.

    Rounds that ended before, in a run that was stopped, are transcribed from the chain alone.

    Parameters
    ----------
    shelf : Shelf
    ledger : Alliance
    task : int
    listener : Listener
        Told of every event, after the transcript is written.
    post : Callable[[Shelf], None]
        Called when the shelf has transcripts that it had not; posts what is not on chain.
    acknowledge : Callable[[Account], None]
        Called with what the chain tells of each round that is transcribed.
    """

    def __init__(
        self,
        shelf: Shelf,
        ledger: Alliance,
        task: int,
        listener: Listener,
        post: Callable[[Shelf], None] = lambda shelf: None,
        acknowledge: Callable[[Account], None] = lambda account: None,
    ) -> None:
        self._shelf, self._ledger, self._task, self._listener = shelf, ledger, task, listener
        self._post, self._acknowledge = post, acknowledge
        self._models = AllianceModel(ledger.domain, ledger.token, ledger.deployment.contract)
        self._scribe, self._next = Scribe(), ledger.deployment.block
        self._taken: MessagesTaken | None = None
        self._known = set(shelf.numbers())
        self.catch_up()

    def __call__(self, event: Event) -> None:
        """Keep what was taken; write what has ended."""
        if isinstance(event, MessagesTaken):
            self._taken = event
        if isinstance(event, RoundSettled):
            self.catch_up()
        self._listener(event)

    def catch_up(self) -> None:
        """Write the transcripts of all rounds that the chain has ended and that have none yet."""
        latest = self._ledger.rpc.number("eth_blockNumber")
        for call in calls_on_chain(self._ledger.rpc, self._ledger.address, self._next, latest):
            for taken, _ in self._models.follow(call):
                if getattr(taken.step, "task", None) != self._task:
                    continue
                ended = self._scribe.take(taken.step, self._models.task(self._task))
                if ended is not None and ended["round"] not in self._known:
                    self._write(ended)
        self._next = latest + 1
        self._post(self._shelf)

    def _write(self, account: Account) -> None:
        taken = self._taken if self._taken and self._taken.round == account["round"] else None
        self._shelf.put(Transcript(account, _told(taken) if taken else None))
        self._known.add(account["round"])
        self._acknowledge(account)


def _told(taken: MessagesTaken) -> dict[str, Any]:
    return {
        "aggregate": taken.aggregate.hex() if taken.aggregate else None,
        "commitments": [
            {"member": member, "commitment": commitment.hex(), "signature": signature.hex()}
            for member, (commitment, signature) in sorted(taken.promises.items())
        ],
        "dropped": {str(member): why for member, why in sorted(taken.dropped.items())},
        "updates": {
            str(member): {"bytes": size, "receipt": receipt}
            for member, (size, receipt) in sorted(taken.updates.items())
        },
    }
