"""The agent, readable top to bottom: words, a proposal, the guards, yes, and only then a signature."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.answers import answer
from fl_alliance.agent.book import Book
from fl_alliance.agent.calling import ask_model
from fl_alliance.agent.diary import Diary
from fl_alliance.agent.errors import Unconfirmed, Unfinished, WordsUnclear, WouldFail
from fl_alliance.agent.guards.asking import require_finished
from fl_alliance.agent.guards.decoding import Reader, Reading
from fl_alliance.agent.guards.grounding import ground, require_subject
from fl_alliance.agent.guards.limits import Limits
from fl_alliance.agent.guards.schema import read_proposal
from fl_alliance.agent.guards.simulation import refusal_of, simulate
from fl_alliance.agent.guards.words import has_secret, split
from fl_alliance.agent.proposers.base import Proposer
from fl_alliance.agent.tools import Action, CallModel
from fl_alliance.agent.transactions import GAS, Transaction, transactions_of
from fl_alliance.chain.errors import ChainError, TransactionReverted
from fl_alliance.chain.reverts import explained
from fl_alliance.market.errors import MarketError
from fl_alliance.market.money import require_gas
from fl_alliance.market.place import Place

_SECRET = "something in the words looks like a private key or a seed phrase; keys never go into words"  # noqa: S105
Confirm = Callable[[Sequence[str]], bool]
"""Shows what would be signed and returns whether somebody said yes."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An action's transactions, and what their bytes say."""

    transactions: tuple[Transaction, ...]
    reading: Reading


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent for one account.

    Attributes
    ----------
    place : Place
        The market and the account.
    book : Book
    limits : Limits
    diary : Diary
    confirm : Confirm
    now : callable
        Returns this machine's second.
    """

    place: Place
    book: Book
    limits: Limits
    diary: Diary
    confirm: Confirm
    now: Callable[[], int]

    def handle(self, words: str, proposer: Proposer, context: Sequence[str] = ()) -> str:
        """Do what the words ask for, and return what came of it.

        Raises
        ------
        Unfinished
            Something is missing in the words.
        AgentError
            Something was refused, which the diary has with its reason.
        MarketError, ChainError
            The chain did not do it.
        """
        if has_secret(words):
            self.diary.note("refused", why=_SECRET)
            raise WordsUnclear(_SECRET)
        self.diary.note("asked", words=words, of=proposer.name)
        try:
            require_finished(words, self.book, self.place.me)
            plain = " ".join(split(words)[0].split())
            proposed = proposer.propose(plain, context)
            self.diary.note("proposed", text=proposed[:1_000])
            call = read_proposal(proposed, self.book, self.place.me)
            if isinstance(call, Action):
                return self._act(call, words)
            require_subject(call, words, self.book, self.place.me)
            return answer(call, self.place, self.book)
        except Unfinished as unfinished:
            self.diary.note("unclear", question=str(unfinished))
            raise
        except (MarketError, ChainError) as refused:
            self.diary.note("refused", why=str(refused))
            raise

    def carry_out(self, call: Action, words: str) -> str:
        """Do an action that a client proposes, in its user's own words; raises as `handle`, and notes no refusal."""
        if has_secret(words):
            raise WordsUnclear(_SECRET)
        self.diary.note("asked", words=words, of="a client's user")
        self.diary.note("proposed", text=str(call)[:1_000])
        return self._act(call, words)

    def prepare(self, action: Action) -> Prepared:
        """Return an action's transactions as far as the guards behind grounding let them; nothing is signed.

        Raises
        ------
        NotAsAsked, WouldFail, LimitExceeded
        """
        transactions = transactions_of(action, self.place)
        reading = Reader(self.place, self.book).require(action, transactions)
        simulate(transactions, reading.spends_wei, self.place)
        self.limits.check(reading.spends_wei, self.now())
        return Prepared(transactions, reading)

    def _act(self, proposed: Action, words: str) -> str:
        action = ground(proposed, words, self.book, self.place.me)
        if isinstance(action, CallModel):
            return ask_model(action, self.place, self.book, self._permit)
        require_gas(self.place.rpc, self.place.me, self.place.market.chain_id)
        prepared = self.prepare(action)
        fee_wei = self.place.sender.most_wei(GAS) * len(prepared.transactions)
        self._permit([*prepared.reading.lines, _fee(fee_wei)], prepared.reading.spends_wei)
        hashes = [self._send(one, is_first=not at) for at, one in enumerate(prepared.transactions)]
        return f"done: {'; '.join(prepared.reading.lines)}\ntransaction {', '.join(hashes)}"

    def _permit(self, lines: Sequence[str], spends_wei: int) -> None:
        """Have somebody say yes to lines that were read from what will be signed, then count; raises to refuse."""
        self.limits.check(spends_wei, self.now())
        self.diary.note("shown", lines=list(lines))
        if not self.confirm(lines):
            raise Unconfirmed("nobody said yes; nothing was signed")
        self.limits.take(spends_wei, self.now())
        self.diary.note("confirmed", spends_wei=str(spends_wei))

    def _send(self, one: Transaction, is_first: bool) -> str:
        """Send one transaction; one behind an allowance is run as a call once more, now that the allowance is there."""
        if not is_first and (refusal := refusal_of(one, self.place)) is not None:
            raise WouldFail(
                f"the chain would refuse it now: {refusal}; the allowance before it stands until it is used"
            )
        mark = self.diary.signing(one.label, one.to, one.data)
        try:
            receipt = self.place.sender.send(one.to, one.data, GAS, one.label)
        except TransactionReverted as reverted:
            self.diary.seen(mark, "reverted", label=one.label)
            raise explained(reverted, one.label) from reverted
        self.diary.seen(mark, "sent", label=one.label, transaction=receipt.tx_hash)
        return receipt.tx_hash


def _fee(fee_wei: int) -> str:
    return f"the network takes at most {exactly(fee_wei).removesuffix('FML')}coin of the chain for it"
