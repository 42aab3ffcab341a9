"""What is put before a wallet: transactions in order, what they do in words, and the command that does the same."""

from dataclasses import dataclass, field

from fl_alliance.arena.events import fml
from fl_alliance.chain.bound import ContractReader


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction: to which contract, with which calldata, and what it does."""

    to: str
    contract: str
    data: str
    does: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be signed.

    Attributes
    ----------
    title : str
        In a few words.
    says : list of str
        What it comes to, and on what terms, a sentence each.
    steps : list of Step
        In order; each is signed by itself.
    command : str
        What does the same at the command line.
    account : str
        Who signs; empty where any account may.
    back : str
        The page to go back to.
    warnings : list of str
        Why the chain would refuse it now.
    """

    title: str
    says: list[str]
    steps: list[Step]
    command: str
    account: str
    back: str
    warnings: list[str] = field(default_factory=list)


def step(reader: ContractReader, does: str, function: str, *args: object) -> Step:
    """Return a call of a contract."""
    return Step(reader.address, reader.artifact, "0x" + reader.encode(function, *args).hex(), does)


def allowance(token: ContractReader, whom: str, spender: str, amount_wei: int) -> Step:
    """Return the call that lets a contract take an amount, and no more."""
    return step(token, f"allow {whom} to take {fml(amount_wei)}", "approve", spender, amount_wei)
