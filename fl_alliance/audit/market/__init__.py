"""The audit of a market: from its chain and its manifest alone, recompute everything that was paid, taken and burned.

`books.py` and `emission.py` are what the rules make of a market, `replay.py` takes them from event to event, the other
modules are its steps; `source.py` reads a chain file or a node, `state.py` compares the contracts' own state in the
end. Like the audit of a run (`audit/__init__.py`) it believes nobody who wrote the file:

1. Every stored byte is the one that was written, and every transaction, executed again by py-evm's own loop, comes to
   what is stored. The contracts were created from our compiled code, byte for byte. A node's word is taken for this.
2. Every event follows from the events before it by the reference rules in `chain/rules/`: releases, stakes and their
   split; stakes as they stood when a day began; VRF proofs, quotas, assigned places; consensus, verdicts, fees,
   slashes; ranks, fits and shares; Reward A, what is held, Reward B, the fall-back; claims by the sigma of the day;
   shares and assets of pools; what is burned. So does every transfer of FML that a contract of the market makes. What
   the DAO decides is counted again by what was locked to vote, from a proposal's stake to the reward of an executed
   one; what only its time lock may do must be a call of a proposal that has passed, has waited and has not lapsed.
3. After every transaction Arena and emission hold what they owe, and all accounts what there is. In the end every
   figure that a contract keeps is the books', and every balance the sum of its transfers.

What somebody decided (a stake, a digest, a score) is an input. It is compared with the calldata of its transaction,
with the commitment it opens and the signature of its sender, unless a contract took part in somebody's name: calldata
between contracts is on no chain, and its VRF proof is then shown by execution alone. `Counts.unseen` counts those.
Where the market pays the tasks of an Alliance (`AllianceMarket`), the Alliance's own steps are taken again too, so that
seats, balances and acceptances are nobody's word. Those of any other source of stakes are.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fl_alliance.audit.finding import Where
from fl_alliance.audit.market.contracts import addresses_of, check_code, creation
from fl_alliance.audit.market.replay import Replay
from fl_alliance.audit.market.source import FileSource, NodeSource, Source
from fl_alliance.audit.market.state import check_state
from fl_alliance.audit.market.step import Books
from fl_alliance.audit.market.taken import Taken
from fl_alliance.chain.deploy import Deployment

__all__ = ["FileSource", "MarketAudited", "NodeSource", "Source", "audit_market"]


@dataclass(frozen=True, slots=True)
class MarketAudited:
    """A market in which everything holds, and what its chain was thereby shown to say."""

    deployment: Deployment
    books: Books
    block: int
    second: int
    head: bytes
    executed: bool


def audit_market(
    source: Source, deployment: Deployment | None = None, listener: Callable[[Taken, Books], None] | None = None
) -> MarketAudited:
    """Verify a market.

    Parameters
    ----------
    source : Source
        `FileSource.open(path)` or `NodeSource.connect(rpc)`.
    deployment : Deployment, optional
        Its manifest; of a chain file the first market on it unless this is given.
    listener : callable, optional
        Told of every transaction that was verified, with the books after it.

    Raises
    ------
    DoesNotHold
        The first thing that does not hold, with block and transaction, what the chain says and what the rules give.
    """
    chosen, created = creation(source, deployment)
    number, digest, second = source.head
    where = Where(number, "at the end")
    check_code(source, chosen, where)
    replay = Replay(addresses_of(source, chosen, created))
    for taken in source.transactions(chosen):
        replay.take(taken)
        if listener is not None:
            listener(taken, replay.books)
    check_state(source, replay.books, where)
    return MarketAudited(chosen, replay.books, number, second, digest, source.executed)
