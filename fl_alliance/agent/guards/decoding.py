"""What transactions do, read from the bytes that will be signed: as the action they carry out, and in plain words.

The words a person confirms come from here and never from a proposal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fl_alliance.agent.amounts import exactly
from fl_alliance.agent.book import Book
from fl_alliance.agent.errors import NotAsAsked
from fl_alliance.agent.tools import (
    Action,
    AllianceTask,
    AnyTask,
    Appear,
    Claim,
    Delegate,
    Kind,
    Lock,
    Rate,
    Stake,
    Transfer,
    Undelegate,
    Unlock,
    Unstake,
    Vote,
)
from fl_alliance.agent.transactions import Transaction, dao_of, pool_of
from fl_alliance.chain.arena_types import Role
from fl_alliance.chain.bound import ContractReader
from fl_alliance.chain.codec import interface
from fl_alliance.chain.dao import Appearance, Support
from fl_alliance.chain.deploy import ALLIANCE_MARKET, ARENA, DAO, MODELS, POOLS, TOKEN, VOTES
from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.messages import checksum
from fl_alliance.governance.decoding import Decoder
from fl_alliance.governance.standing import does_words, quoted
from fl_alliance.market.errors import MarketError
from fl_alliance.market.place import Place


@dataclass(frozen=True, slots=True)
class Effect:
    """What one transaction does.

    Attributes
    ----------
    words : str
        For the person who is to sign.
    spends_wei : int
        FML that leave the account by it.
    allows : tuple of str and int, or None
        Who may take how much, in wei, after it.
    action : Action or None
        What it carries out; None of an allowance, which carries out nothing by itself.
    """

    words: str
    spends_wei: int = 0
    allows: tuple[str, int] | None = None
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a list of transactions does: one action, in lines, and what it can cost in FML at most."""

    action: Action
    lines: tuple[str, ...]
    spends_wei: int


class Reader:
    """Reads calldata of one market.

    Parameters
    ----------
    place : Place
        The market, and whose transactions they are.
    book : Book
        Only for names beside addresses; what is read are addresses.
    """

    def __init__(self, place: Place, book: Book) -> None:
        self._place, self._book = place, book

    def require(self, wanted: Action, transactions: Sequence[Transaction]) -> Reading:
        """Return what transactions do, where that is exactly the action that was asked for; raises `NotAsAsked`."""
        found = self.read(transactions)
        if found.action != wanted:
            raise NotAsAsked(f"asked for {wanted}, but what would be signed {'; '.join(found.lines)}")
        return found

    def read(self, transactions: Sequence[Transaction]) -> Reading:
        """Return what transactions do.

        Raises
        ------
        NotAsAsked
            One calls something else than an agent's tools do, or an allowance is not for what the action takes.
        """
        effects = [self._effect(one) for one in transactions]
        carried = [effect for effect in effects if effect.action is not None]
        if not carried or any(effect.action != carried[0].action for effect in carried):
            raise NotAsAsked("the transactions are not one action with the allowance it takes")
        spends_wei = sum(effect.spends_wei for effect in carried)
        for effect in effects:
            if effect.action is None and (effect is not effects[0] or len(effects) != 2):
                raise NotAsAsked("the transactions are not one action with the allowance it takes")
            if effect.action is None and effect.allows != (transactions[-1].to, spends_wei):
                raise NotAsAsked(f"an allowance that the action does not take: {effect.words}")
        if len(carried) > 1 and not isinstance(carried[0].action, Claim):
            raise NotAsAsked("the action would be done more than once")
        assert carried[0].action is not None  # noqa: S101  what carried is
        return Reading(carried[0].action, tuple(effect.words for effect in effects), spends_wei)

    def _effect(self, one: Transaction) -> Effect:
        artifact = self._artifact(one.to)
        function = interface(artifact).by_selector.get(one.data[:4])
        known = _KNOWN.get((artifact, function.name)) if function else None
        if function is None or known is None:
            raise NotAsAsked(f"a call of {artifact} that no tool makes")
        try:
            arguments = function.decode(one.data)
        except ChainError as error:
            raise NotAsAsked(f"calldata of {artifact} that cannot be read: {error}") from None
        if function.encode(arguments) != one.data:
            raise NotAsAsked(f"calldata of {artifact} with more than its arguments")
        return known(self, one.to, arguments)

    def _artifact(self, address: str) -> str:
        """Return which contract is at an address: one of the market's, or a delegation pool that its Arena names."""
        for name in (TOKEN, ARENA, DAO, VOTES, MODELS):
            if name in self._place.market.contracts and self._place.market.address(name) == checksum(address):
                return name
        try:
            self.pool(address)
        except (ChainError, MarketError):  # whatever is there, it is no pool of this market's
            raise NotAsAsked(f"{address} is none of this market's contracts") from None
        return POOLS

    def pool(self, address: str) -> tuple[AnyTask, str]:
        """Return of which task and delegate a pool is, as it says and its market confirms; raises `NotAsAsked`."""
        reader = ContractReader(self._place.rpc, POOLS, address)
        number, delegate = int(reader.read("task")), checksum(reader.read("delegate"))
        market = checksum(reader.read("market"))
        contracts = self._place.market.contracts
        is_alliances = ALLIANCE_MARKET in contracts and self._place.market.address(ALLIANCE_MARKET) == market
        task = AllianceTask(number) if is_alliances else number
        if pool_of(self._place, task, delegate) != checksum(address):
            raise NotAsAsked(f"{address} is none of this market's pools")
        return task, delegate

    def who(self, address: str) -> str:
        """Return an address with its name."""
        found = checksum(address)
        if found == self._place.me:
            return f"{found} (yourself)"
        name = self._book.name_of(Kind.ACCOUNT, found)
        return f"{found} ({name} in your address book)" if name else found

    def contract(self, address: str) -> str:
        """Return a contract of the market by its name."""
        found = checksum(address)
        named = {contract.address: name for name, contract in self._place.market.contracts.items()}
        return f"the {named[found]} ({found})" if found in named else found

    def own(self, account: str) -> None:
        """Refuse where something would go to another account; raises `NotAsAsked`."""
        if checksum(account) != self._place.me:
            raise NotAsAsked(f"{checksum(account)} would receive what is the account's own")

    # what each known call does

    def transfer(self, _to: str, arguments: tuple[Any, ...]) -> Effect:
        """FML.transfer."""
        receiver, amount_wei = checksum(arguments[0]), int(arguments[1])
        words = f"sends {exactly(amount_wei)} to {self.who(receiver)}, for good"
        return Effect(words, amount_wei, action=Transfer(receiver, amount_wei))

    def approve(self, _to: str, arguments: tuple[Any, ...]) -> Effect:
        """FML.approve."""
        spender, amount_wei = checksum(arguments[0]), int(arguments[1])
        words = f"lets {self.contract(spender)} take {exactly(amount_wei)} of yours, for the next transaction"
        return Effect(words, allows=(spender, amount_wei))

    def stake(self, _to: str, arguments: tuple[Any, ...]) -> Effect:
        """Arena.stake; one that changes the lock or names a key is no tool's."""
        task, role, amount_wei, lock_days, vrf_x = arguments
        mine = self._place.arena.my(task)
        if vrf_x or lock_days != mine.lock_days or mine.role not in (Role.NONE, Role(role)):
            raise NotAsAsked("a stake with another lock, role or key than the account has in the task")
        words = f"stakes {exactly(amount_wei)} in task {task} as a {_ROLES[Role(role)]}, until the task is over"
        return Effect(words, amount_wei, action=Stake(task, amount_wei))

    def unlock(self, _to: str, arguments: tuple[Any, ...]) -> Effect:
        """Arena.unlock."""
        task, account = arguments
        self.own(account)
        return Effect(f"takes your stake out of task {task}", action=Unstake(task))

    def claim(self, _to: str, arguments: tuple[Any, ...]) -> Effect:
        """Arena.claim."""
        task, day, account = arguments
        self.own(account)
        return Effect(f"takes what you, and those behind you, earned on day {day} of task {task}", action=Claim(task))

    def lock(self, _to: str, arguments: tuple[Any, ...]) -> Effect:
        """VoteLock.lock."""
        [amount_wei] = arguments
        return Effect(f"locks {exactly(amount_wei)} to vote in the DAO", amount_wei, action=Lock(amount_wei))

    def request_unlock(self, _to: str, arguments: tuple[Any, ...]) -> Effect:
        """VoteLock.requestUnlock."""
        [amount_wei] = arguments
        words = f"asks {exactly(amount_wei)} back that are locked to vote; they vote no more, and come later"
        return Effect(words, action=Unlock(amount_wei))

    def rate(self, _to: str, arguments: tuple[Any, ...]) -> Effect:
        """Models.rate."""
        model, stars = arguments
        name = self._book.name_of(Kind.MODEL, model)
        return Effect(
            f"gives model {model}{f' ({name})' if name else ''} {stars} of 5 stars", action=Rate(model, stars)
        )

    def deposit(self, to: str, arguments: tuple[Any, ...]) -> Effect:
        """DelegationPool.deposit."""
        amount_wei, receiver = arguments
        self.own(receiver)
        task, delegate = self.pool(to)
        risk = "" if isinstance(task, AllianceTask) else ", which can be slashed with it"
        words = f"delegates {exactly(amount_wei)} to {self.who(delegate)} in task {task}{risk}"
        return Effect(words, amount_wei, action=Delegate(delegate, task, amount_wei))

    def request(self, to: str, arguments: tuple[Any, ...]) -> Effect:
        """DelegationPool.requestRedeem."""
        task, delegate = self.pool(to)
        words = (
            f"asks for {arguments[0]} shares behind {self.who(delegate)} in task {task}; a second call takes them later"
        )
        return Effect(words, action=Undelegate(delegate, task))

    def redeem(self, to: str, arguments: tuple[Any, ...]) -> Effect:
        """DelegationPool.redeem."""
        shares, receiver, owner = arguments
        self.own(receiver)
        self.own(owner)
        task, delegate = self.pool(to)
        words = f"takes {shares} shares behind {self.who(delegate)} in task {task} back into your account"
        return Effect(words, action=Undelegate(delegate, task))

    def appear(self, _to: str, arguments: tuple[Any, ...]) -> Effect:
        """Dao.appear."""
        number, told = self._proposal(arguments[0])
        appearance = Appearance(arguments[1])
        does = (
            "signs in to the review of" if appearance is Appearance.PRESENT else f"flags as {appearance.name.lower()}"
        )
        return Effect(f"{does} {told}", action=Appear(number, appearance))

    def vote(self, _to: str, arguments: tuple[Any, ...]) -> Effect:
        """Dao.castVote."""
        number, told = self._proposal(arguments[0])
        support = Support(arguments[1])
        return Effect(f"votes {support.name} on {told}", action=Vote(number, support))

    def _proposal(self, identity: int) -> tuple[int, str]:
        """Return which proposal an id is, and what its calls do."""
        for number, found in enumerate(dao_of(self._place).proposals(), 1):
            if found.number == identity:
                decoder = Decoder(self._place.rpc, self._place.market)
                does = " and".join(does_words([decoder.words(call) for call in found.calls]))
                return (
                    number,
                    f"proposal {number}, of which its author says {quoted(found.description)}; what it does:{does}",
                )
        raise NotAsAsked(f"no proposal has the id {identity}")


_ROLES = {Role.NONE: "nobody", Role.NODE: "training node", Role.VALIDATOR: "validator"}
_KNOWN: Mapping[tuple[str, str], Callable[[Reader, str, tuple[Any, ...]], Effect]] = {
    (TOKEN, "transfer"): Reader.transfer,
    (TOKEN, "approve"): Reader.approve,
    (ARENA, "stake"): Reader.stake,
    (ARENA, "unlock"): Reader.unlock,
    (ARENA, "claim"): Reader.claim,
    (VOTES, "lock"): Reader.lock,
    (VOTES, "requestUnlock"): Reader.request_unlock,
    (MODELS, "rate"): Reader.rate,
    (POOLS, "deposit"): Reader.deposit,
    (POOLS, "requestRedeem"): Reader.request,
    (POOLS, "redeem"): Reader.redeem,
    (DAO, "appear"): Reader.appear,
    (DAO, "castVote"): Reader.vote,
}
